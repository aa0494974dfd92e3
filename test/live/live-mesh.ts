/**
 * A mesh of running nodes, each a process in a network namespace of its own, joined by veth pairs: ours, the Rust peer's,
 * or both. Links are cut and joined by their devices, datagrams lost by a rule of nftables, nodes killed by their process.
 */
import { SeededRng, type Identity } from '../../core/index.ts'
import { RustNode } from '../interop/rust-node.ts'
import { DaemonNode, identityOf, type LiveNode, type Teardown } from '../support/live-node.ts'
import { join, Namespace } from '../support/namespace.ts'
import { eventually, must } from '../support/process.ts'
import { degrees, randomPairs, type Edge } from './graph.ts'

export type Make = 'ours' | 'rust'
/** Who makes the nodes: all by one, or in turns with ours at the root, at the node of most links and at that of fewest. */
export type MeshKind = 'rust' | 'mixed' | 'ours'

export interface LiveMeshOptions {
  readonly kind: MeshKind
  /** Who makes which node, where `kind` shall not decide. */
  readonly makes?: readonly Make[]
  readonly nodes: number
  readonly edges: readonly Edge[]
  /** For sockets and configurations. */
  readonly folder: string
  /** Tells meshes apart whose namespaces stand at the same time. */
  readonly label: string
  /** Share of packets that every node loses on the way in, 0..1. */
  readonly loss: number
  readonly rekeySeconds?: number
  /** Options of Node for our daemons. */
  readonly nodeOptions?: readonly string[]
  /** Every line that one of our daemons prints. */
  readonly printed?: (index: number, line: string) => void
}

export interface Member {
  readonly index: number
  readonly make: Make
  readonly namespace: Namespace
  /** Another one after the member took another key. */
  node: LiveNode
  /** Since when the process runs (performance.now); undefined while it does not. */
  upSince: number | undefined
}

export interface Joint {
  readonly edge: Edge
  readonly device: string
  readonly at: Namespace
}

/** IPv6 with what the mesh needs around it, on Ethernet. */
const UDP_MTU = 1472
const UDP_PORT = 2121
const TCP_PORT = 8443
/** Secret keys are small numbers from here on. */
const FIRST_SEED = 101
const seedOf = (index: number): number => FIRST_SEED + index

export class LiveMesh {
  readonly members: readonly Member[]
  readonly joints: readonly Joint[]
  readonly options: LiveMeshOptions
  readonly #t: Teardown

  /** Namespaces and links stand, every node runs. */
  static async start(t: Teardown, options: LiveMeshOptions): Promise<LiveMesh> {
    const { nodes, edges, kind, loss, label } = options
    const namespaces: Namespace[] = []
    for (let index = 0; index < nodes; index++) {
      const namespace = await Namespace.create(`${label}${index}`)
      t.after(() => namespace.remove())
      namespaces.push(namespace)
      if (loss > 0) await lose(namespace, loss)
    }
    const joints: Joint[] = []
    for (const [number, edge] of edges.entries()) {
      const [from, to] = [namespaces[edge.from]!, namespaces[edge.to]!]
      const [device] = await join(from, `${address(number, 1)}/24`, to, `${address(number, 2)}/24`)
      joints.push({ edge, device, at: from })
    }
    const makes = options.makes ?? makesOf(kind, nodes, edges)
    const run = async (index: number): Promise<Member> => {
      const [make, namespace] = [makes[index]!, namespaces[index]!]
      const node = await MAKERS[make](t, { ...options, index, seed: seedOf(index), namespace })
      return { index, make, namespace, node, upSince: performance.now() }
    }
    // A Rust node is up in a tenth of the time: started together with ours, it would dial them before they listen and then wait.
    const started: Member[] = []
    for (const make of ['ours', 'rust'] as const) {
      const indexes = namespaces.flatMap((_, index) => (makes[index] === make ? [index] : []))
      started.push(...(await Promise.all(indexes.map(run))))
    }
    return new LiveMesh(
      t,
      options,
      started.toSorted((a, b) => a.index - b.index),
      joints,
    )
  }

  private constructor(
    t: Teardown,
    options: LiveMeshOptions,
    members: readonly Member[],
    joints: readonly Joint[],
  ) {
    this.#t = t
    this.options = options
    this.members = members
    this.joints = joints
  }

  /** Resolves with the time until every node names the one root, ms; undefined when that takes longer than `withinMs`. */
  async converged(withinMs: number): Promise<number | undefined> {
    const began = performance.now()
    const root = leastOf(this.members.map(({ node }) => node.identity))
    const agrees = async ({ node }: Member): Promise<boolean> => {
      try {
        return (await node.ask('show_tree'))['root'] === root.nodeAddr
      } catch {
        return false
      }
    }
    try {
      await eventually(
        'one root',
        async () => ((await Promise.all(this.members.map(agrees))).every(Boolean) ? true : undefined),
        withinMs,
      )
    } catch {
      return undefined
    }
    return performance.now() - began
  }

  /** As if the power failed. */
  async kill(member: Member): Promise<void> {
    member.upSince = undefined
    await member.node.stop('SIGKILL')
  }

  async restart(member: Member): Promise<void> {
    await member.node.start()
    member.upSince = performance.now()
  }

  /** The same place and the same peers under another key: who dials it still expects the old one. */
  async changeIdentity(member: Member): Promise<void> {
    await this.kill(member)
    const { index, namespace, make } = member
    const seed = seedOf(this.members.length + index)
    member.node = await MAKERS[make](this.#t, { ...this.options, index, seed, namespace })
    member.upSince = performance.now()
  }

  async cut(joint: Joint): Promise<void> {
    await must('ip', '-n', joint.at.name, 'link', 'set', joint.device, 'down')
  }

  async rejoin(joint: Joint): Promise<void> {
    await must('ip', '-n', joint.at.name, 'link', 'set', joint.device, 'up')
  }

  /** Where the first (1) or the second (2) node of an edge listens on it. */
  addressOf(edge: number, end: 1 | 2): string {
    return socketAddress(edge, end, this.options.edges[edge]!.kind)
  }

  pairs(seed: number, count: number): readonly (readonly [Member, Member])[] {
    return randomPairs(new SeededRng(seed), this.members.length, count).map(
      ([from, to]) => [this.members[from]!, this.members[to]!] as const,
    )
  }
}

/** One small echo. The Rust peer is told the key first, as a DNS query would tell it. */
export function echo(from: Member, to: Member, timeoutMs: number): Promise<boolean> {
  if (from.node instanceof RustNode) from.node.introduce(to.node.identity)
  return from.node.echo(to.node.identity, timeoutMs)
}

/** The node that will be the root. */
export function rootIndex(nodes: number): number {
  const identities = Array.from({ length: nodes }, (_, index) => identityOf(seedOf(index)))
  return identities.indexOf(leastOf(identities))
}

function leastOf(identities: readonly Identity[]): Identity {
  return identities.reduce((least, identity) => (identity.nodeAddr < least.nodeAddr ? identity : least))
}

function address(edge: number, end: 1 | 2): string {
  return `10.88.${edge}.${end}`
}

function socketAddress(edge: number, end: 1 | 2, kind: Edge['kind']): string {
  return `${address(edge, end)}:${kind === 'tcp' ? TCP_PORT : UDP_PORT}`
}

async function lose(namespace: Namespace, loss: number): Promise<void> {
  const nft = (...args: readonly string[]) => must('ip', 'netns', 'exec', namespace.name, 'nft', ...args)
  await nft('add', 'table', 'inet', 'loss')
  await nft('add', 'chain', 'inet', 'loss', 'in', '{ type filter hook input priority 0; }')
  const share = String(Math.round(loss * 1000))
  const rule = [
    'add',
    'rule',
    'inet',
    'loss',
    'in',
    'iifname',
    '!=',
    'lo',
    'numgen',
    'random',
    'mod',
    '1000',
    '<',
    share,
    'drop',
  ]
  await nft(...rule)
}

function makesOf(kind: MeshKind, nodes: number, edges: readonly Edge[]): readonly Make[] {
  if (kind !== 'mixed') return Array.from({ length: nodes }, () => kind)
  const linked = degrees(nodes, edges)
  const chosen = new Set<number>([
    rootIndex(nodes),
    linked.indexOf(Math.max(...linked)),
    linked.indexOf(Math.min(...linked)),
  ])
  for (let index = 0; chosen.size < nodes / 2; index++) chosen.add(index)
  return Array.from({ length: nodes }, (_, index) => (chosen.has(index) ? 'ours' : 'rust'))
}

interface Dialled {
  readonly npub: string
  readonly kind: Edge['kind']
  readonly addr: string
}

/** Whom a node dials, from the side that is to dial. */
function dialledBy(index: number, edges: readonly Edge[]): readonly Dialled[] {
  return edges.flatMap(({ from, to, kind, dials = true }, number) => {
    if (from !== index || !dials) return []
    return [{ npub: identityOf(seedOf(to)).npub, kind, addr: socketAddress(number, 2, kind) }]
  })
}

interface NodeOptions extends LiveMeshOptions {
  readonly index: number
  readonly seed: number
  readonly namespace: Namespace
}

type Maker = (t: Teardown, options: NodeOptions) => Promise<LiveNode>

const ours: Maker = (t, options) => {
  const { index, seed, namespace, folder, edges, rekeySeconds, nodeOptions = [], printed } = options
  return DaemonNode.run(t, {
    name: `n${index}`,
    seed,
    folder,
    config: {
      transports: {
        udp: { bind_addr: `0.0.0.0:${UDP_PORT}`, mtu: UDP_MTU },
        tcp: { bind_addr: `0.0.0.0:${TCP_PORT}` },
      },
      peers: dialledBy(index, edges).map(({ npub, kind, addr }) => ({
        npub,
        addresses: [{ transport: kind, addr }],
      })),
    },
    ...(rekeySeconds === undefined ? {} : { node: { rekey: { after_secs: rekeySeconds } } }),
    starter: (program, args) => {
      const running = namespace.start(program, [...nodeOptions, ...args])
      if (printed !== undefined) running.onLine((line) => printed(index, line))
      return running
    },
  })
}

const rust: Maker = (t, { index, seed, namespace, folder, edges, rekeySeconds }) =>
  RustNode.run(t, {
    name: `n${index}`,
    seed,
    folder,
    udp: `0.0.0.0:${UDP_PORT}`,
    tcp: `0.0.0.0:${TCP_PORT}`,
    peers: dialledBy(index, edges).map(
      ({ npub, kind, addr }) => `${npub}@${kind === 'tcp' ? 'tcp:' : ''}${addr}`,
    ),
    ...(rekeySeconds === undefined ? {} : { rekeySeconds }),
    starter: (program, args) => namespace.start(program, args, { RUST_LOG: 'warn' }),
  })

const MAKERS: Readonly<Record<Make, Maker>> = { ours, rust }
