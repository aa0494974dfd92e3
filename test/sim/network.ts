/** A simulated network of real nodes: built by shape, size and seed, and asked how it does. */
import { SeededRng, randomBelow, randomUnit } from '../../core/index.ts'
import type { Crypto, Millis, NodeOutput } from '../../core/index.ts'
import { TestMesh, type TestNode, type Wire } from '../support/mesh.ts'
import { TOPOLOGIES, adjacency, type Edge, type TopologyName } from './topology.ts'
import { Trails } from './trails.ts'

export const SECOND: Millis = 1000
export const MINUTE: Millis = 60 * SECOND
export const HOUR: Millis = 60 * MINUTE

/** One way of every link, drawn between these. */
const LATENCY_MS = { least: 2, most: 12 } as const
/** Nodes start in this time. */
const START_WITHIN: Millis = SECOND
const PORT = 7
/** Bytes of the largest frame. */
const TCP_MTU = 65_535

export interface NetworkSpec {
  readonly topology: TopologyName
  readonly size: number
  readonly seed: number
  readonly crypto: Crypto
  /** Links as long as TCP's frames, and trees as deep as the network is large. */
  readonly isDeep?: boolean
}

/** A datagram sent to see whether it arrives. */
export interface Probe {
  readonly from: TestNode
  readonly to: TestNode
  readonly sentAt: Millis
  arrivedAt: Millis | undefined
  /** Links that it passed. */
  links: number | undefined
  /** Requests of its source for where the other is, until it arrived. */
  requests: number
}

export class SimNetwork {
  readonly mesh: TestMesh
  readonly nodes: readonly TestNode[]
  readonly edges: readonly Edge[]
  /** Neighbours of every node, by number. */
  readonly graph: readonly (readonly number[])[]
  readonly trails: Trails = new Trails()
  readonly rng: SeededRng
  readonly #wires: readonly Wire[]
  readonly #probes: Probe[] = []

  constructor({ topology, size, seed, crypto, isDeep = false }: NetworkSpec) {
    this.rng = new SeededRng(seed)
    this.edges = TOPOLOGIES[topology](size, this.rng)
    this.graph = adjacency(size, this.edges)
    this.mesh = new TestMesh({
      seed,
      crypto,
      ...(isDeep ? { mtu: TCP_MTU, config: { tree: { maxDepth: size } } } : {}),
      mesh: this.trails.build,
      onOutput: (node, output) => {
        this.#output(node, output)
      },
    })
    this.nodes = this.mesh.addNodes(size)
    const { least, most } = LATENCY_MS
    this.#wires = this.edges.map(([a, b]) =>
      this.mesh.join(this.nodes[a]!, this.nodes[b]!, {
        latencyMs: least + randomUnit(this.rng) * (most - least),
      }),
    )
    const starts = this.nodes.map((node, i) => ({ node, i, at: randomUnit(this.rng) * START_WITHIN }))
    for (const { node, i, at } of starts.sort((x, y) => x.at - y.at)) {
      this.mesh.run(at - this.mesh.now)
      this.#dialAll(node, i)
    }
  }

  /** Lets time pass until `holds`, looked at ten times a second; how long it took, undefined when `limit` was not enough. */
  until(holds: () => boolean, limit: Millis): Millis | undefined {
    const start = this.mesh.now
    while (!holds()) {
      if (this.mesh.now - start >= limit) return undefined
      this.mesh.run(LOOK_EVERY)
    }
    return this.mesh.now - start
  }

  /** Trees there are: sets of nodes with one root. */
  trees(nodes: readonly TestNode[] = this.nodes): number {
    return new Set(nodes.filter(({ isUp }) => isUp).map(({ node }) => node.views.tree().root)).size
  }

  /** Links from the deepest node to its root. */
  depth(): number {
    return Math.max(...this.nodes.map(({ node }) => node.views.tree().depth))
  }

  /** Bytes in frames that were given to links. */
  bytesSent(): number {
    let bytes = 0
    for (const { node } of this.nodes)
      for (const { stats } of node.views.transports()) bytes += stats.bytesSent
    return bytes
  }

  pick(): TestNode {
    return this.nodes[randomBelow(this.rng, this.nodes.length)]!
  }

  /** Sends a datagram; look at the probe later. */
  probe(from: TestNode, to: TestNode): Probe {
    const probe: Probe = {
      from,
      to,
      sentAt: this.mesh.now,
      arrivedAt: undefined,
      links: undefined,
      requests: 0,
    }
    const payload = new Uint8Array(32)
    new DataView(payload.buffer).setUint32(0, this.#probes.length)
    this.#probes.push(probe)
    this.mesh.input(from, {
      type: 'datagram',
      to: to.identity.publicKey,
      sourcePort: PORT,
      destinationPort: PORT,
      payload,
    })
    return probe
  }

  /** Ends the session of a probe at both ends. */
  hangUp({ from, to }: Probe): void {
    for (const [node, other] of [
      [from, to],
      [to, from],
    ] as const)
      this.mesh.input(node, { type: 'probe', peer: other.identity.publicKey, act: 'hang-up' })
  }

  /** Begins anew a node whose process was gone. */
  start(node: TestNode): void {
    this.mesh.restart(node)
    this.#dialAll(node, this.nodes.indexOf(node))
  }

  /** Cuts, or joins again, every link between the two. */
  cut(half: ReadonlySet<TestNode>, isCut: boolean): void {
    for (const [i, [a, b]] of this.edges.entries())
      if (half.has(this.nodes[a]!) !== half.has(this.nodes[b]!)) this.#wires[i]!.isCut = isCut
  }

  /** Each end of a link has the other in its configuration. */
  #dialAll(node: TestNode, number: number): void {
    for (const other of this.graph[number]!) this.mesh.dial(node, this.nodes[other]!)
  }

  #output(node: TestNode, output: NodeOutput): void {
    if (output.type !== 'datagram') return
    const { payload } = output
    const probe = this.#probes[new DataView(payload.buffer, payload.byteOffset).getUint32(0)]
    if (probe === undefined || probe.to !== node || probe.arrivedAt !== undefined) return
    probe.arrivedAt = this.mesh.now
    probe.requests = this.trails.requests(probe.from.addr, node.addr)
    probe.links = this.trails.linksOfLast
  }
}

/** The resolution of what `until` tells. */
const LOOK_EVERY: Millis = 100
