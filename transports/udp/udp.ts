/** FMP frames as UDP datagrams, one each way per datagram: the overlay's transport, wire-compatible on port 2121. */
import type { LinkProfile, TransportAddr, TransportKind } from '../../core/index.ts'
import { bindError } from '../bind-error.ts'
import {
  emptyStats,
  TransportError,
  type SendResult,
  type Transport,
  type TransportSink,
  type TransportStats,
} from '../transport.ts'
import { formatSocketAddress, parseSocketAddress, type SocketAddress } from './address.ts'
import { openDgramSocket } from './dgram-socket.ts'
import type { DatagramSocket, OpenDatagramSocket } from './socket.ts'

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
  /** How datagrams are moved. Default node:dgram. */
  readonly openSocket?: OpenDatagramSocket
}

const DEFAULT_BIND = '0.0.0.0:2121'
const DEFAULT_MTU = 1280
const DEFAULT_BUFFER_BYTES = 4 * 2 ** 20

/** Parsed destinations kept: more than a node has peers. Emptied when full, since parsing again is cheap. */
const MAX_PARSED = 1024

export class UdpTransport implements Transport {
  readonly kind: TransportKind = 'udp'
  readonly mtu: number
  readonly profile: LinkProfile = 'stock'
  readonly reliable = false
  readonly stats: TransportStats = emptyStats()
  readonly #options: UdpOptions
  readonly #parsed = new Map<TransportAddr, SocketAddress | undefined>()
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
    const openSocket = this.#options.openSocket ?? openDgramSocket
    const socket = await openSocket(
      {
        bind: bind.value,
        dualStack: this.#options.dualStack ?? true,
        receiveBufferBytes: this.#options.receiveBufferBytes ?? DEFAULT_BUFFER_BYTES,
        sendBufferBytes: this.#options.sendBufferBytes ?? DEFAULT_BUFFER_BYTES,
      },
      {
        datagram: (host, port, datagram) => this.#receive(sink, host, port, datagram),
        sendFailed: () => {
          this.stats.sendErrors++
        },
        failed: () => {
          this.stats.recvErrors++
        },
      },
    ).catch((error: unknown) => {
      throw bindError(error, 'udp', this.#localAddr)
    })
    this.#localAddr = formatSocketAddress(socket.host, socket.port)
    this.#socket = socket
    if (this.#closing()) await socket.close()
  }

  send(to: TransportAddr, frame: Uint8Array): SendResult {
    if (this.#socket === undefined || this.#closing()) return 'down'
    if (frame.length > this.mtu) {
      this.stats.mtuExceeded++
      return 'too-large'
    }
    const address = this.#addressOf(to)
    if (address === undefined) {
      this.stats.sendErrors++
      return 'no-route'
    }
    if (!this.#socket.send(address, frame)) return 'full'
    this.stats.packetsSent++
    this.stats.bytesSent += frame.length
    return 'sent'
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    await this.#socket?.close()
  }

  #closing(): boolean {
    return this.#state === 'closed'
  }

  #receive(sink: TransportSink, host: string, port: number, datagram: Uint8Array): void {
    if (this.#closing()) return
    this.stats.packetsRecv++
    this.stats.bytesRecv += datagram.length
    sink.frame(formatSocketAddress(host, port), datagram)
  }

  /** Undefined when the text is no address or is of a family this socket cannot reach. */
  #addressOf(to: TransportAddr): SocketAddress | undefined {
    if (this.#parsed.has(to)) return this.#parsed.get(to)
    const parsed = parseSocketAddress(to)
    const ipv4Only = !this.#localAddr.startsWith('[')
    const usable = parsed.ok && parsed.value.port > 0 && !(ipv4Only && parsed.value.family === 6)
    if (this.#parsed.size >= MAX_PARSED) this.#parsed.clear()
    this.#parsed.set(to, usable ? parsed.value : undefined)
    return usable ? parsed.value : undefined
  }
}
