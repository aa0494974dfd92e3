/** How whole networks do on a virtual clock: how soon they agree, what they spend in peace, and whether lookups find. */
import { nobleCrypto, randomUnit } from '../../core/index.ts'
import { SeededRng } from '../../boards/index.ts'
import { loadSodiumCrypto } from '../../gateway/crypto/index.ts'
import { TestMesh, type TestNode } from '../support/mesh.ts'
import type { Report, Row } from './report.ts'

const SECOND = 1000
const MINUTE: number = 60 * SECOND
const HOUR: number = 60 * MINUTE

/** How often it is looked whether the nodes agree: the resolution of the convergence time. */
const LOOK_EVERY_MS = 100
const CONVERGENCE_LIMIT_MS: number = 5 * MINUTE
/** After one root is agreed on: the filters follow. */
const SETTLE_MS: number = MINUTE
/** The first attempt of a lookup and the session's handshake have to be done by then; the second attempt begins at 1 s. */
const FIRST_ATTEMPT_MS: number = SECOND
/** Nodes on the way forward one request for a target in two seconds: with this pause every one counts for itself. */
const LOOKUP_PAUSE_MS = 2500
/** Links per node besides the one that keeps the network whole. */
const EXTRA_LINKS = 0.5
const LATENCY_MS = 10

interface Effort {
  readonly sizes: readonly number[]
  readonly peaceMs: number
  readonly lookups: number
}

const EFFORT: Effort = { sizes: [20, 50, 100], peaceMs: 2 * MINUTE, lookups: 30 }
const QUICK: Effort = { sizes: [6], peaceMs: 10 * SECOND, lookups: 4 }

interface Outcome {
  readonly convergenceSeconds: number
  readonly bytesPerNodeHour: number
  readonly foundAtOnce: number
}

export function simReport(isQuick: boolean): Promise<Report> {
  const effort = isQuick ? QUICK : EFFORT
  const outcomes = new Map(effort.sizes.map((size) => [`${size} nodes`, simulate(size, effort)]))
  const row = (id: string, what: string, unit: string, pick: (outcome: Outcome) => number): Row => ({
    id,
    what,
    unit,
    figures: Object.fromEntries([...outcomes].map(([column, outcome]) => [column, pick(outcome)])),
  })
  return Promise.resolve({
    bench: 'sim',
    columns: [...outcomes.keys()],
    rows: [
      row('convergence', 'one root everywhere', 's', (outcome) => outcome.convergenceSeconds),
      row('idle-bytes', 'in peace, per node and hour', 'kB', (outcome) => outcome.bytesPerNodeHour / 1000),
      row('lookups', 'packets answered at once', 'share', (outcome) => outcome.foundAtOnce),
    ],
    method: [
      `Seeded random networks of stock links (${LATENCY_MS} ms, no loss), a tree of random shape and ${EXTRA_LINKS} links more per node, all started at once; virtual clock.`,
      `Bytes are FMP frames sent in ${effort.peaceMs / SECOND} s after ${SETTLE_MS / SECOND} s of settling, rekeys and reports included.`,
      `At once: of ${effort.lookups} first packets between random pairs, those that arrived within ${FIRST_ATTEMPT_MS} ms, before any second attempt.`,
    ],
  })
}

function simulate(size: number, effort: Effort): Outcome {
  const mesh = new TestMesh({ seed: size, crypto: loadSodiumCrypto() ?? nobleCrypto })
  const rng = new SeededRng(size + 1)
  connect(mesh, mesh.addNodes(size), (below) => Math.floor(randomUnit(rng) * below))
  const agreed = converge(mesh)
  mesh.run(SETTLE_MS)
  const before = bytesSent(mesh)
  mesh.run(effort.peaceMs)
  const bytesPerNodeHour = ((bytesSent(mesh) - before) / size) * (HOUR / effort.peaceMs)
  let found = 0
  for (let i = 0; i < effort.lookups; i++) {
    if (isFoundAtOnce(mesh, rng)) found++
    mesh.run(LOOKUP_PAUSE_MS)
  }
  return { convergenceSeconds: agreed / SECOND, bytesPerNodeHour, foundAtOnce: found / effort.lookups }
}

function connect(mesh: TestMesh, nodes: readonly TestNode[], pick: (below: number) => number): void {
  for (const [i, node] of nodes.entries())
    if (i > 0) mesh.connect(node, nodes[pick(i)]!, { latencyMs: LATENCY_MS })
  for (let i = 0; i < nodes.length * EXTRA_LINKS; i++) {
    const [a, b] = [nodes[pick(nodes.length)]!, nodes[pick(nodes.length)]!]
    if (a !== b) mesh.connect(a, b, { latencyMs: LATENCY_MS })
  }
}

/** The instant from which all nodes have one root. Throws when they never do. */
function converge(mesh: TestMesh): number {
  while (!mesh.hasOneRoot()) {
    if (mesh.now > CONVERGENCE_LIMIT_MS) throw new Error('the network does not agree on a root')
    mesh.run(LOOK_EVERY_MS)
  }
  return mesh.now
}

function bytesSent(mesh: TestMesh): number {
  let bytes = 0
  for (const { node } of mesh.nodes) for (const { stats } of node.views.transports()) bytes += stats.bytesSent
  return bytes
}

/** Whether the first datagram between two nodes that never spoke arrives without a second attempt. */
function isFoundAtOnce(mesh: TestMesh, rng: SeededRng): boolean {
  const { nodes } = mesh
  const from = nodes[Math.floor(randomUnit(rng) * nodes.length)]!
  const others = nodes.filter((node) => node !== from && !hasSpoken(from, node))
  const to = others[Math.floor(randomUnit(rng) * others.length)]!
  const had = to.outputs.length
  mesh.input(from, {
    type: 'datagram',
    to: to.identity.publicKey,
    sourcePort: 7,
    destinationPort: 7,
    payload: new Uint8Array(32),
  })
  return mesh.runUntil(() => to.outputs.length > had, FIRST_ATTEMPT_MS)
}

function hasSpoken(a: TestNode, b: TestNode): boolean {
  return a.events.some((event) => event.type === 'session-up' && event.peer === b.addr)
}
