/** A node in this process that is at the end of what is measured: it dials, sends as fast as told, and counts what comes. */
import {
  Driver,
  FipsNode,
  Identity,
  nodeConfig,
  type NodeEvent,
  type PublicKey,
  type TransportAddr,
} from '../../../core/index.ts'
import { chooseCrypto } from '../../../gateway/crypto/index.ts'
import { Traffic } from '../../../gateway/daemon/traffic.ts'
import { systemRng } from '../../../gateway/rng.ts'
import { systemClock, UdpTransport } from '../../../transports/index.ts'

const TRANSPORT_ID = 1
const MTU = 1472
const crypto = chooseCrypto()

export class End {
  readonly identity: Identity
  /** Packets that came for this end. */
  received = 0
  /** Called with each of them, during the call. */
  onPacket: ((bytes: Uint8Array, at: number, length: number) => void) | undefined
  readonly #transport: UdpTransport
  readonly #driver: Driver
  readonly #traffic: Traffic
  readonly #waiting = new Map<NodeEvent['type'], () => void>()

  /** A node with a key of its own on a free port of the loopback. */
  static async open(identity: Identity = Identity.fromSecret(systemRng.bytes(32), crypto)): Promise<End> {
    const end = new End(identity)
    await end.#open()
    return end
  }

  private constructor(identity: Identity) {
    this.identity = identity
    this.#transport = new UdpTransport({ bindAddr: '127.0.0.1:0', mtu: MTU })
    this.#traffic = new Traffic({
      allocate: (length) => new Uint8Array(length),
      queue: (_id, to, slab, at, length) => this.#transport.queue(to, slab, at, length),
      deliver: (slab, at, length) => this.#came(slab, at, length),
      flush: () => this.#transport.flush(),
    })
    const node = new FipsNode({
      identity,
      rng: systemRng,
      config: nodeConfig({}),
      sink: this.#traffic,
      now: systemClock.now(),
    })
    this.#driver = new Driver(node, systemClock, {
      send: ({ to, frame }) => {
        this.#traffic.flush()
        this.#transport.send(to, frame)
      },
      packet: (packet) => this.#came(packet, 0, packet.length),
      undeliverable: () => undefined,
      datagram: () => undefined,
      event: ({ type }) => {
        this.#waiting.get(type)?.()
        this.#waiting.delete(type)
      },
    })
  }

  /** Dials a node; resolves when the link is up. */
  async connect(peer: PublicKey, addr: TransportAddr): Promise<void> {
    const paths = [{ transportId: TRANSPORT_ID, addr, priority: 0 }]
    const isUp = this.next('peer-up')
    this.#driver.step({ type: 'connect', peer, paths, persistent: true })
    await isUp
  }

  /** Resolves when the node next tells of such an event. */
  next(type: NodeEvent['type']): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(type, resolve))
  }

  learn(publicKey: PublicKey): void {
    this.#driver.step({ type: 'identity', publicKey })
  }

  /** A packet now, and everything with it. */
  send(packet: Uint8Array): void {
    this.queue(packet)
    this.settle()
  }

  /** A packet that leaves with `settle`. */
  queue(packet: Uint8Array): void {
    this.#driver.packetAt(packet, 0, packet.length)
  }

  settle(): void {
    this.#traffic.flush()
    this.#driver.settle()
  }

  async close(): Promise<void> {
    this.#driver.stop()
    await this.#transport.close()
  }

  async #open(): Promise<void> {
    const transportId = TRANSPORT_ID
    await this.#transport.open({
      frame: (from, frame) => this.#driver.step({ type: 'frame', transportId, from, frame }),
      frameAt: (from, bytes, at, length) => this.#driver.frameAt(transportId, from, bytes, at, length),
      batchEnd: () => this.settle(),
      state: () => undefined,
    })
    this.#driver.step({ type: 'wall-clock', seconds: BigInt(Math.floor(Date.now() / 1000)) })
    this.#driver.step({
      type: 'transport-up',
      transport: {
        id: transportId,
        kind: 'udp',
        mtu: MTU,
        profile: 'stock',
        admission: { acceptConnections: true, autoConnect: false, listedOnly: false },
      },
    })
  }

  #came(bytes: Uint8Array, at: number, length: number): void {
    this.received++
    this.onPacket?.(bytes, at, length)
  }
}

const IPV6_HEADER = 40
/** No protocol: nobody answers, whatever comes of it. */
const NO_NEXT_HEADER = 59

/** An IPv6 packet of `size` bytes from an end. */
export function packetFrom(from: End, to: Identity, size: number): Uint8Array {
  const packet = new Uint8Array(size)
  packet[0] = 0x60
  new DataView(packet.buffer).setUint16(4, size - IPV6_HEADER)
  packet[6] = NO_NEXT_HEADER
  packet[7] = 64
  packet.set(from.identity.ipv6, 8)
  packet.set(to.ipv6, 24)
  return packet
}
