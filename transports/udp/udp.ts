/** FMP frames as UDP datagrams, one each way per datagram: the overlay's transport, wire-compatible on port 2121. */
import type { LinkProfile, TransportAddr, TransportKind } from '../../core/index.ts'
import { bindError } from '../bind-error.ts'
import {
  emptyStats,
  TransportError,
  type BatchTransport,
  type SendResult,
  type TransportSink,
  type TransportStats,
} from '../transport.ts'
import { formatSocketAddress, parseSocketAddress } from './address.ts'
import { openSocket } from './open-socket.ts'
import type { DatagramSink, DatagramSocket, Destination, OpenDatagramSocket } from './socket.ts'

export interface UdpOptions {
  /** Numeric `host:port`; default `0.0.0.0:2121`. */
  readonly bindAddr?: string
  /** On an IPv6 wildcard (`[::]:2121`) also take IPv4. Default true. */
  readonly dualStack?: boolean
  /** Largest frame, bytes. Default 1280, the reference's. */
  readonly mtu?: number
  /** Socket buffers, bytes. Default 4 MiB each; the kernel may give less. */
  readonly receiveBufferBytes?: number
  readonly sendBufferBytes?: number
  /** How datagrams are moved. Default: in batches where this machine can, through node:dgram elsewhere. */
  readonly openSocket?: OpenDatagramSocket
}

const DEFAULT_BIND = '0.0.0.0:2121'
const DEFAULT_MTU = 1280
const DEFAULT_BUFFER_BYTES = 4 * 2 ** 20

/** Taken from peers whose MTU is set higher than ours; longer datagrams are dropped. */
const MIN_RECEIVE_BYTES = 2048

/** Ways kept: more than a node has peers. Emptied when full, since finding one again is cheap. */
const MAX_WAYS = 1024

export class UdpTransport implements BatchTransport {
  readonly kind: TransportKind = 'udp'
  readonly mtu: number
  readonly profile: LinkProfile = 'stock'
  readonly reliable = false
  readonly stats: TransportStats = emptyStats()
  readonly #options: UdpOptions
  readonly #ways = new Map<TransportAddr, Destination | undefined>()
  #localAddr: string
  #socket: DatagramSocket | undefined
  #state: 'new' | 'opened' | 'closed' = 'new'

  constructor(options: UdpOptions = {}) {
    this.#options = options
    this.mtu = options.mtu ?? DEFAULT_MTU
    this.#localAddr = options.bindAddr ?? DEFAULT_BIND
  }

  /** As bound, with the real port once open. */
  get localAddr(): string {
    return this.#localAddr
  }

  async open(sink: TransportSink): Promise<void> {
    if (this.#state !== 'new')
      throw new TransportError('bad-config', 'A UDP transport can be opened once only.')
    this.#state = 'opened'
    const bind = parseSocketAddress(this.#localAddr)
    if (!bind.ok)
      throw new TransportError(
        'bad-config',
        `Cannot bind UDP to "${this.#localAddr}": write a numeric address and a port, as 0.0.0.0:2121 or [::]:2121.`,
      )
    const open = this.#options.openSocket ?? openSocket
    const socket = await open(
      {
        bind: bind.value,
        dualStack: this.#options.dualStack ?? true,
        receiveBufferBytes: this.#options.receiveBufferBytes ?? DEFAULT_BUFFER_BYTES,
        sendBufferBytes: this.#options.sendBufferBytes ?? DEFAULT_BUFFER_BYTES,
        maxDatagramBytes: Math.max(this.mtu, MIN_RECEIVE_BYTES),
      },
      this.#receiver(sink),
    ).catch((error: unknown) => {
      throw bindError(error, 'udp', this.#localAddr)
    })
    this.#localAddr = formatSocketAddress(socket.host, socket.port)
    this.#socket = socket
    if (this.#closing()) await socket.close()
  }

  send(to: TransportAddr, frame: Uint8Array): SendResult {
    const way = this.#wayTo(to, frame.length)
    if (typeof way === 'string') return way
    return this.#counted(way.send(frame), frame.length)
  }

  queue(to: TransportAddr, slab: Uint8Array, at: number, length: number): SendResult {
    const way = this.#wayTo(to, length)
    if (typeof way === 'string') return way
    return this.#counted(way.queue(slab, at, length), length)
  }

  flush(): void {
    this.#socket?.flush()
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    await this.#socket?.close()
  }

  #closing(): boolean {
    return this.#state === 'closed'
  }

  #receiver(sink: TransportSink): DatagramSink {
    const { stats } = this
    return {
      datagram: (from, bytes, at, length) => {
        if (this.#closing()) return
        stats.packetsRecv++
        stats.bytesRecv += length
        if (sink.frameAt === undefined) sink.frame(from, bytes.subarray(at, at + length))
        else sink.frameAt(from, bytes, at, length)
      },
      batchEnd: () => {
        if (!this.#closing()) sink.batchEnd?.()
      },
      oversize: () => {
        stats.drops['oversize'] = (stats.drops['oversize'] ?? 0) + 1
      },
      sendFailed: (datagrams) => {
        stats.sendErrors += datagrams
      },
      failed: () => {
        stats.recvErrors++
      },
    }
  }

  /** The way there, or why a frame of this length does not go. */
  #wayTo(to: TransportAddr, length: number): Destination | SendResult {
    if (this.#socket === undefined || this.#closing()) return 'down'
    if (length > this.mtu) {
      this.stats.mtuExceeded++
      return 'too-large'
    }
    let way = this.#ways.get(to)
    if (way === undefined && !this.#ways.has(to)) {
      const parsed = parseSocketAddress(to)
      if (parsed.ok && parsed.value.port > 0) way = this.#socket.to(parsed.value)
      if (this.#ways.size >= MAX_WAYS) this.#ways.clear()
      this.#ways.set(to, way)
    }
    if (way !== undefined) return way
    this.stats.sendErrors++
    return 'no-route'
  }

  #counted(isTaken: boolean, length: number): SendResult {
    if (!isTaken) return 'full'
    this.stats.packetsSent++
    this.stats.bytesSent += length
    return 'sent'
  }
}
