/**
 * A path of real nodes with everything set up on it: keys of each link, the tree, the filters, and a session between its
 * ends. Its nodes can then be stepped one by one, so that what each of them spends on a packet is measured apart.
 */
import { ipv6Of, type Crypto } from '../../core/index.ts'
import { TestMesh, type TestNode } from '../support/mesh.ts'

/** Whole IPv6 packet, bytes. */
export const PACKET_SIZE = 1200

const SETTLE_MS = 30_000
/** More than a session carries positions with, so that what is measured is the long run. */
const WARM_UP_PACKETS = 16
/** TestMesh gives its fast medium this number. */
const TRANSPORT_ID = 1

export interface PathOptions {
  /** Nodes in a row, at least 3; the second is the one that forwards. */
  readonly nodes: number
  /** Neighbours of the second besides the path. */
  readonly leaves: number
}

export class BenchPath {
  readonly #mesh: TestMesh
  readonly #nodes: readonly TestNode[]
  readonly #packet: Uint8Array

  /** Throws when the path does not come up. */
  constructor(crypto: Crypto, { nodes, leaves }: PathOptions) {
    // Keys that change in the middle would be measured with the packets.
    this.#mesh = new TestMesh({ seed: 1, crypto, dataPath: true, config: { rekey: { enabled: false } } })
    this.#nodes = this.#mesh.addNodes(nodes)
    for (const [i, node] of this.#nodes.entries()) if (i > 0) this.#mesh.connect(this.#nodes[i - 1]!, node)
    for (const leaf of this.#mesh.addNodes(leaves)) this.#mesh.connect(this.#nodes[1]!, leaf)
    this.#mesh.run(SETTLE_MS)
    const [first, last] = [this.#nodes[0]!, this.#nodes.at(-1)!]
    this.#packet = packetBetween(first, last)
    for (const [from, to] of [
      [first, last],
      [last, first],
    ] as const) {
      this.#mesh.input(from, { type: 'identity', publicKey: to.identity.publicKey })
      for (let i = 0; i < WARM_UP_PACKETS; i++) {
        this.#mesh.input(from, { type: 'packet', packet: packetBetween(from, to) })
        this.#mesh.run(1000)
      }
      const arrived = to.outputs.filter(({ type }) => type === 'packet').length
      if (arrived < WARM_UP_PACKETS) throw new Error(`only ${arrived} of ${WARM_UP_PACKETS} packets arrived`)
    }
  }

  /** Packets of the first node's host. */
  packets(count: number): Uint8Array[] {
    return Array.from({ length: count }, () => this.#packet.slice())
  }

  /** What a node of the path makes of what the one before it made: frames, or packets at the first one. */
  onward(position: number, inputs: readonly Uint8Array[]): Uint8Array[] {
    const { sink } = this.#nodes[position]!
    this.#work(position, inputs)
    const outputs = sink?.take() ?? []
    return outputs.flatMap((output) => (output.type === 'send' ? [output.frame] : []))
  }

  /** The same, counted only: the work that is measured. Asked for its deadline after each, as a host does. */
  count(position: number, inputs: readonly Uint8Array[]): number {
    const { sink } = this.#nodes[position]!
    if (sink === undefined) throw new Error('no data path')
    const before = sink.count
    sink.keeps = false
    this.#work(position, inputs)
    sink.keeps = true
    return sink.count - before
  }

  #work(position: number, inputs: readonly Uint8Array[]): void {
    const { node } = this.#nodes[position]!
    const from = this.#nodes[position - 1]?.name
    const { now } = this.#mesh
    for (const bytes of inputs) {
      if (from === undefined) node.packetAt(bytes, 0, bytes.length, now)
      else node.frameAt(TRANSPORT_ID, from, bytes, 0, bytes.length, now)
      node.deadline()
    }
  }

  /** Virtual time, in which reports go out and the pacing of announces recovers. */
  rest(): void {
    this.#mesh.run(1000)
  }
}

const IPV6_HEADER = 40
const UDP = 17
const HOP_LIMIT = 64

function packetBetween(from: TestNode, to: TestNode): Uint8Array {
  const packet = new Uint8Array(PACKET_SIZE)
  packet[0] = 0x60
  new DataView(packet.buffer).setUint16(4, PACKET_SIZE - IPV6_HEADER)
  packet[6] = UDP
  packet[7] = HOP_LIMIT
  packet.set(ipv6Of(from.addr), 8)
  packet.set(ipv6Of(to.addr), 24)
  return packet
}
