/** Trials of one thing each: new keys or a jumping clock under continuous pings, both ends dialling at once, a node with another key. */
import { join } from 'node:path'
import { isRecord, type ReplyData } from '../../gateway/control/index.ts'
import { DaemonNode, scratch, type Teardown } from '../support/live-node.ts'
import { eventually, ROOT } from '../support/process.ts'
import { randomGraph } from './graph.ts'
import { LiveMesh, rootIndex, type Make, type Member, type MeshKind } from './live-mesh.ts'
import { answered, firstAnswers, pause, ping, type Delivery } from './measure.ts'

const GRAPH = { nodes: 8, edges: 13, tcp: 0.3 }
const LOOK_EVERY_MS = 1000
export const TRIAL_PAIRS = 10
/** Links to the old key have to die first. */
const IDENTITY_TRIES = 60

export interface Rekeys extends Delivery {
  /** Links and sessions whose keys changed, each counted once. */
  readonly rekeys: number
}

/** Pings go on between ten pairs while keys change, each every 200 ms and never again. */
export async function rekeyTrial(
  t: Teardown,
  kind: MeshKind,
  seed: number,
  rekeySeconds: number,
  periods: number,
): Promise<Rekeys> {
  const edges = randomGraph({ ...GRAPH, seed })
  const folder = scratch(t)
  const { nodes } = GRAPH
  const mesh = await LiveMesh.start(t, {
    kind,
    nodes,
    edges,
    loss: 0,
    folder,
    label: `rk${kind}`,
    rekeySeconds,
  })
  await mesh.converged(60_000)
  const pairs = mesh.pairs(seed, TRIAL_PAIRS)
  await firstAnswers(pairs)
  const end = performance.now() + periods * rekeySeconds * 1000
  const isOver = (): boolean => performance.now() > end
  const [rekeys, delivery] = await Promise.all([turnsOf(mesh, isOver), ping(pairs, isOver)])
  return { ...delivery, rekeys }
}

/** A daemon asks for the time of day once a minute. */
const CLOCK_MS = 65_000

export interface ClockJumps extends Delivery {
  /** Pairs that answered after the jumps and after their root was killed and started again in the new time. */
  readonly after: number
}

/** The clocks of all our nodes jump a day ahead and two back. That of a Rust node is the machine's and stays, so among Rust nodes alone no clock jumps. */
export async function clockTrial(t: Teardown, kind: MeshKind, seed: number): Promise<ClockJumps> {
  const { nodes } = GRAPH
  const mesh = await LiveMesh.start(t, {
    kind,
    nodes,
    edges: randomGraph({ ...GRAPH, seed }),
    loss: 0,
    folder: scratch(t),
    label: `ck${kind}`,
    nodeOptions: ['--import', join(ROOT, 'dist', 'test', 'live', 'clock-step.js')],
  })
  await mesh.converged(60_000)
  const pairs = mesh.pairs(seed, TRIAL_PAIRS)
  await firstAnswers(pairs)
  const end = performance.now() + 2 * CLOCK_MS
  const pinging = ping(pairs, () => performance.now() > end)
  for (let jump = 0; jump < 2; jump++) {
    for (const { node } of mesh.members) {
      if (node instanceof DaemonNode && node.pid !== undefined) process.kill(node.pid, 'SIGUSR2')
    }
    await pause(CLOCK_MS)
  }
  const delivery = await pinging
  const root = mesh.members[rootIndex(nodes)]!
  await mesh.kill(root)
  await mesh.restart(root)
  return { ...delivery, after: answered(await firstAnswers(pairs, IDENTITY_TRIES)) }
}

/** Turns of the K bit of links and sessions, which both ends of each see. */
async function turnsOf(mesh: LiveMesh, isOver: () => boolean): Promise<number> {
  const bits = new Map<string, unknown>()
  let turns = 0
  while (!isOver()) {
    for (const { index, node } of mesh.members) {
      for (const [query, table, key] of [
        ['show_peers', 'peers', 'node_addr'],
        ['show_sessions', 'sessions', 'remote_addr'],
      ] as const) {
        for (const row of rowsOf(await node.ask(query), table)) {
          const id = `${index} ${table} ${String(row[key])}`
          const bit = row['current_k_bit']
          if (bits.has(id) && bits.get(id) !== bit) turns++
          bits.set(id, bit)
        }
      }
    }
    await pause(LOOK_EVERY_MS)
  }
  return Math.round(turns / 2)
}

function rowsOf(reply: ReplyData, table: string): readonly ReplyData[] {
  const rows: unknown = reply[table]
  return Array.isArray(rows) ? rows.filter(isRecord) : []
}

/** The Rust node reads what came in the last link up to 40 ms late, and takes a goodbye in it for one of the next link. */
const GOODBYE_MS = 200

export interface Dials {
  readonly rounds: number
  /** Rounds after which each answered the other within the tries. */
  readonly linked: number
  readonly slowestS: number
}

/** Two nodes part and dial each other at the same time, again and again. */
export async function dialTrial(
  t: Teardown,
  makes: readonly [Make, Make],
  kind: 'udp' | 'tcp',
  rounds: number,
): Promise<Dials> {
  const mesh = await LiveMesh.start(t, {
    kind: 'mixed',
    makes,
    nodes: 2,
    // Nobody dials by configuration: the join is there, and the dialling is the trial's.
    edges: [{ from: 0, to: 1, kind, dials: false }],
    loss: 0,
    folder: scratch(t),
    label: `d${kind}${makes.join('')}`,
  })
  const [a, b] = [mesh.members[0]!, mesh.members[1]!]
  let linked = 0
  let slowestS = 0
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    await Promise.all([dial(a, b, mesh.addressOf(0, 2), kind), dial(b, a, mesh.addressOf(0, 1), kind)])
    const answers = await firstAnswers([
      [a, b],
      [b, a],
    ])
    if (answered(answers) === 2) linked++
    slowestS = Math.max(slowestS, (performance.now() - began) / 1000)
    await parted(a, b)
    await pause(GOODBYE_MS)
  }
  return { rounds, linked, slowestS }
}

async function dial(from: Member, to: Member, address: string, transport: string): Promise<void> {
  await from.node.ask('connect', { npub: to.node.identity.npub, address, transport })
}

/** Again, when a dial that was still under way has come to a link. */
async function parted(a: Member, b: Member): Promise<void> {
  await eventually(`${a.node.name} and ${b.node.name} have parted`, async () => {
    await part(a, b)
    await part(b, a)
    return (await isAlone(a)) && (await isAlone(b)) ? true : undefined
  })
}

/** Whoever was told already has nothing to end. */
async function part(from: Member, to: Member): Promise<void> {
  await from.node.ask('disconnect', { npub: to.node.identity.npub }).catch(() => undefined)
}

async function isAlone({ node }: Member): Promise<boolean> {
  return rowsOf(await node.ask('show_peers'), 'peers').length === 0
}

/** A node that dials comes back under another key: how many of the others reach it, and how many its old key. */
export async function identityTrial(
  t: Teardown,
  kind: MeshKind,
  seed: number,
): Promise<{ readonly others: number; readonly reached: number; readonly old: number }> {
  const edges = randomGraph({ ...GRAPH, seed })
  const { nodes } = GRAPH
  const mesh = await LiveMesh.start(t, {
    kind,
    nodes,
    edges,
    loss: 0,
    folder: scratch(t),
    label: `id${kind}`,
  })
  await mesh.converged(60_000)
  const changing = mesh.members[edges[0]!.from]!
  const before = { ...changing }
  await mesh.changeIdentity(changing)
  const others = mesh.members.filter((member) => member !== changing)
  const reached = answered(
    await firstAnswers(
      others.map((other) => [other, changing] as const),
      IDENTITY_TRIES,
    ),
  )
  const old = answered(
    await firstAnswers(
      others.map((other) => [other, before] as const),
      1,
    ),
  )
  return { others: others.length, reached, old }
}
