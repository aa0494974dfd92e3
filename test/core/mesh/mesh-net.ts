/**
 * A network of mesh halves on a virtual clock: links with delay, loss and MTU, positions and filters worked out from
 * the graph, so that forwarding, lookup and sessions are tested apart from the link half.
 */
import type { Coordinates } from '../../../core/coordinates.ts'
import { BloomFilter } from '../../../core/bloom/index.ts'
import { Identity, ipv6Of, type NodeAddr } from '../../../core/identity/index.ts'
import type { FrameClass, LinkProfile } from '../../../core/link.ts'
import { Mesh } from '../../../core/mesh/index.ts'
import { LINK_OVERHEAD } from '../../../core/fmp/index.ts'
import {
  createCounters,
  nodeConfig,
  type Counters,
  type LinkLayer,
  type Neighbour,
  type NodeOutput,
  type PartialNodeConfig,
} from '../../../core/node/index.ts'
import type { Rng } from '../../../core/random.ts'
import { SeededRng } from '../../../boards/sim/index.ts'

export interface LinkOptions {
  readonly mtu?: number
  readonly delayMs?: number
  /** Probability that a message is lost. */
  readonly loss?: number
  readonly profile?: LinkProfile
}

/** A message on its way, for taps. */
export interface InFlight {
  readonly from: MeshNode
  readonly to: MeshNode
  readonly message: Uint8Array
  readonly frameClass: FrameClass
}

interface Link extends Required<LinkOptions> {
  readonly ends: readonly [MeshNode, MeshNode]
}

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export class MeshNode implements LinkLayer {
  readonly identity: Identity
  readonly outputs: NodeOutput[] = []
  readonly counters: Counters = createCounters()
  mesh: Mesh
  coordinates: Coordinates
  readonly #net: MeshNet
  readonly #config: PartialNodeConfig

  constructor(net: MeshNet, identity: Identity, seed: number, config: PartialNodeConfig) {
    this.#net = net
    this.#config = config
    this.identity = identity
    this.coordinates = [identity.nodeAddr]
    this.mesh = this.#start(seed)
  }

  get addr(): NodeAddr {
    return this.identity.nodeAddr
  }

  /** The process dies and comes back with nothing but its key. */
  restart(seed: number): void {
    this.mesh = this.#start(seed)
  }

  /** Packets that reached this node's host. */
  get packets(): readonly Uint8Array[] {
    return this.outputs.flatMap((output) => (output.type === 'packet' ? [output.packet] : []))
  }

  get undeliverable(): readonly Extract<NodeOutput, { type: 'undeliverable' }>[] {
    return this.outputs.filter((output) => output.type === 'undeliverable')
  }

  knows(other: MeshNode): void {
    this.mesh.input({ type: 'identity', publicKey: other.identity.publicKey }, this.#net.now)
  }

  sendPacket(packet: Uint8Array): void {
    this.mesh.input({ type: 'packet', packet }, this.#net.now)
  }

  ownCoordinates(): Coordinates {
    return this.coordinates
  }

  neighbours(): Iterable<Neighbour> {
    return this.#net.neighboursOf(this)
  }

  neighbour(addr: NodeAddr): Neighbour | undefined {
    return this.#net.neighboursOf(this).find((neighbour) => neighbour.addr === addr)
  }

  sendMessage(
    to: NodeAddr,
    message: Uint8Array,
    frameClass: FrameClass,
    _now: number,
    congested = false,
  ): boolean {
    return this.#net.transmit(this, to, message, frameClass, congested)
  }

  wanted(): void {
    // Every link of this network is up.
  }

  emit(output: NodeOutput): void {
    this.outputs.push(output)
  }

  #start(seed: number): Mesh {
    const rng = new SeededRng(seed)
    return new Mesh({
      identity: this.identity,
      rng,
      config: nodeConfig(this.#config),
      counters: this.counters,
      link: this,
      epoch: rng.bytes(8),
    })
  }
}

export class MeshNet {
  now = 0
  readonly nodes: MeshNode[] = []
  /** Sees every message; may drop it by returning false. */
  tap: (message: InFlight) => boolean = () => true
  /** Nodes that their neighbours should have heard by now. */
  readonly silent = new Set<MeshNode>()
  readonly #links: Link[] = []
  readonly #events: Event[] = []
  readonly #rng: Rng
  readonly #seed: number
  #order = 0

  constructor(seed = 1) {
    this.#seed = seed
    this.#rng = new SeededRng(seed)
  }

  add(config: PartialNodeConfig = {}): MeshNode {
    const index = this.nodes.length
    const secret = new SeededRng(1000 + index).bytes(32)
    const node = new MeshNode(this, Identity.fromSecret(secret), this.#seed * 7919 + index, config)
    this.nodes.push(node)
    return node
  }

  connect(a: MeshNode, b: MeshNode, options: LinkOptions = {}): void {
    this.#links.push({ mtu: 1400, delayMs: 10, loss: 0, profile: 'stock', ...options, ends: [a, b] })
    this.settle()
    a.mesh.neighbourUp(b.addr, b.identity.publicKey, this.now)
    b.mesh.neighbourUp(a.addr, a.identity.publicKey, this.now)
  }

  disconnect(a: MeshNode, b: MeshNode): void {
    const at = this.#links.findIndex(({ ends }) => ends.includes(a) && ends.includes(b))
    this.#links.splice(at, 1)
    this.settle()
    a.mesh.neighbourDown(b.addr, false, this.now)
    b.mesh.neighbourDown(a.addr, false, this.now)
  }

  /** Positions as the tree protocol would end up with: the smallest address is root, shortest paths to it. */
  settle(): void {
    for (const node of this.nodes) node.coordinates = [node.addr]
    const roots = this.nodes.toSorted((a, b) => (a.addr < b.addr ? -1 : 1))
    const placed = new Set<MeshNode>()
    for (const root of roots) {
      if (placed.has(root)) continue
      placed.add(root)
      const queue = [root]
      for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
        for (const other of this.#peers(node)) {
          if (placed.has(other)) continue
          placed.add(other)
          other.coordinates = [other.addr, ...node.coordinates]
          queue.push(other)
        }
      }
    }
    for (const node of this.nodes) node.mesh.coordinatesChanged(this.now)
  }

  neighboursOf(node: MeshNode): readonly Neighbour[] {
    return this.#links.flatMap((link) => {
      if (!link.ends.includes(node)) return []
      const [a, b] = link.ends
      const other = a === node ? b : a
      const isTreePeer = other.coordinates[1] === node.addr || node.coordinates[1] === other.addr
      return [
        {
          addr: other.addr,
          publicKey: other.identity.publicKey,
          coordinates: other.coordinates,
          filter: BloomFilter.of(this.#behind(other, node).map((reached) => reached.addr)),
          isTreePeer,
          cost: 1,
          canSend: true,
          isSilent: this.silent.has(other),
          mtu: link.mtu,
          profile: link.profile,
        },
      ]
    })
  }

  transmit(
    from: MeshNode,
    addr: NodeAddr,
    message: Uint8Array,
    frameClass: FrameClass,
    congested: boolean,
  ): boolean {
    const to = this.nodes.find((node) => node.addr === addr)
    const link = this.#links.find(({ ends }) => ends.includes(from) && to !== undefined && ends.includes(to))
    if (to === undefined || link === undefined) return false
    if (message.length + LINK_OVERHEAD > link.mtu) return false
    const lost = this.#rng.bytes(1)[0]! / 256 < link.loss
    if (lost || !this.tap({ from, to, message, frameClass })) return true
    const copy = message.slice()
    this.at(this.now + link.delayMs, () => {
      to.mesh.linkMessage(from.addr, copy, congested, this.now)
    })
    return true
  }

  at(at: number, run: () => void): void {
    this.#events.push({ at, order: this.#order++, run })
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    const end = this.now + ms
    for (;;) {
      this.#events.sort((a, b) => a.at - b.at || a.order - b.order)
      const event = this.#events[0]
      const deadlines = this.nodes.map((node) => node.mesh.deadline() ?? Infinity)
      const deadline = Math.min(...deadlines)
      const next = Math.min(event?.at ?? Infinity, deadline)
      if (next > end) break
      this.now = Math.max(this.now, next)
      if (event !== undefined && event.at <= deadline) {
        this.#events.shift()
        event.run()
      } else {
        for (const node of this.nodes)
          if ((node.mesh.deadline() ?? Infinity) <= this.now) node.mesh.tick(this.now)
      }
    }
    this.now = end
  }

  #peers(node: MeshNode): readonly MeshNode[] {
    return this.#links
      .filter(({ ends }) => ends.includes(node))
      .map(({ ends: [a, b] }) => (a === node ? b : a))
      .toSorted((a, b) => (a.addr < b.addr ? -1 : 1))
  }

  /** What is reached through `node` without coming back over `without`. */
  #behind(node: MeshNode, without: MeshNode): readonly MeshNode[] {
    const seen = new Set([without, node])
    const queue = [node]
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const other of this.#peers(at)) {
        if (seen.has(other)) continue
        seen.add(other)
        queue.push(other)
      }
    }
    seen.delete(without)
    return [...seen]
  }
}

/** `hops + 1` nodes one after another; every node knows the key of every other one. */
export function line(hops: number, options: LinkOptions = {}, seed = 1): { net: MeshNet; nodes: MeshNode[] } {
  const net = new MeshNet(seed)
  const nodes = Array.from({ length: hops + 1 }, () => net.add())
  for (let i = 1; i < nodes.length; i++) net.connect(nodes[i - 1]!, nodes[i]!, options)
  const [first, last] = [nodes[0]!, nodes.at(-1)!]
  first.knows(last)
  last.knows(first)
  return { net, nodes }
}

const UDP = 17
const HOP_LIMIT = 64

/** An IPv6 packet between two nodes with `size` bytes in all, the last 4 of which hold `tag`. */
export function packetBetween(from: MeshNode, to: MeshNode, tag: number, size = 100): Uint8Array {
  const packet = new Uint8Array(size)
  const view = new DataView(packet.buffer)
  packet[0] = 0x60
  view.setUint16(4, size - 40)
  packet[6] = UDP
  packet[7] = HOP_LIMIT
  packet.set(ipv6Of(from.addr), 8)
  packet.set(ipv6Of(to.addr), 24)
  view.setUint32(size - 4, tag)
  return packet
}

/** The tag of such a packet. */
export function tagOf(packet: Uint8Array): number {
  return new DataView(packet.buffer, packet.byteOffset, packet.length).getUint32(packet.length - 4)
}
