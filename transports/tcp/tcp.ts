/**
 * FMP frames over TCP, for networks that let nothing else through: one connection to each address, dialled by the first
 * frame that goes there, and connections that others made, each under the address it came from.
 *
 * Bounds: inbound connections by `maxInbound` (the newest is refused), dials under way by MAX_DIALS (likewise), bytes
 * that wait by the connection, partial frames by the MTU. A connection on which nothing is heard for as long as a link
 * may be silent is closed, which also ends those of strangers who say nothing and those that lost a tie.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type {
  Clock,
  FrameClass,
  LinkProfile,
  Millis,
  TransportAddr,
  TransportKind,
} from '../../core/index.ts'
import { bindError } from '../bind-error.ts'
import { systemClock } from '../system-clock.ts'
import {
  emptyStats,
  TransportError,
  type ConnectionStats,
  type SendResult,
  type Transport,
  type TransportSink,
  type TransportStats,
} from '../transport.ts'
import { formatSocketAddress, parseSocketAddress } from '../udp/index.ts'
import { TcpConnection, type EndReason } from './connection.ts'

export interface TcpOptions {
  /** Numeric `host:port` to accept connections at. Default none: this end only dials. */
  readonly bindAddr?: string
  /** Largest frame, bytes, either way. Default 1400, the reference's. */
  readonly mtu?: number
  /** Connections of others at a time. Default 256. */
  readonly maxInbound?: number
  /** Until a dial is given up. Default 5000 ms. */
  readonly connectTimeoutMs?: Millis
  /** Small frames leave at once. Default true. */
  readonly noDelay?: boolean
  /** The kernel's own probes on a silent connection; 0 for none. Default 30,000 ms. */
  readonly keepAliveMs?: Millis
  /** Longest silence of the other side, not less than links may be silent. Default 30,000 ms. */
  readonly silenceLimitMs?: Millis
  readonly clock?: Clock
}

const DEFAULTS = {
  mtu: 1400,
  maxInbound: 256,
  connectTimeoutMs: 5000,
  noDelay: true,
  keepAliveMs: 30_000,
  silenceLimitMs: 30_000,
  clock: systemClock,
}

/** Connections being made at a time. */
const MAX_DIALS = 64

export class TcpTransport implements Transport {
  readonly kind: TransportKind = 'tcp'
  readonly mtu: number
  readonly profile: LinkProfile = 'stock'
  readonly reliable = true
  readonly stats: TransportStats & { readonly connections: ConnectionStats }
  readonly #options: TcpOptions & Required<Omit<TcpOptions, 'bindAddr'>>
  readonly #connections = new Map<TransportAddr, TcpConnection>()
  #localAddr: string
  #server: Server | undefined
  #sink: TransportSink | undefined
  #state: 'new' | 'opening' | 'open' | 'closed' = 'new'

  constructor(options: TcpOptions = {}) {
    this.#options = { ...DEFAULTS, ...options }
    this.mtu = this.#options.mtu
    this.#localAddr = options.bindAddr ?? ''
    this.stats = {
      ...emptyStats(),
      connections: {
        established: 0,
        accepted: 0,
        rejected: 0,
        connectTimeouts: 0,
        connectRefused: 0,
        inbound: 0,
        outbound: 0,
      },
    }
  }

  /** As bound, with the real port once open; empty when this end only dials. */
  get localAddr(): string {
    return this.#localAddr
  }

  async open(sink: TransportSink): Promise<void> {
    if (this.#state !== 'new')
      throw new TransportError('bad-config', 'A TCP transport can be opened once only.')
    this.#state = 'opening'
    this.#sink = sink
    if (this.#options.bindAddr !== undefined) await this.#listen(this.#options.bindAddr)
    if (!this.#isClosed()) this.#state = 'open'
  }

  send(to: TransportAddr, frame: Uint8Array, frameClass: FrameClass): SendResult {
    if (this.#state !== 'open') return 'down'
    if (frame.length > this.mtu) {
      this.stats.mtuExceeded++
      return 'too-large'
    }
    const known = this.#connections.get(to)
    const connection = known ?? this.#dial(to)
    if (typeof connection === 'string') {
      if (connection === 'no-route') this.stats.sendErrors++
      return connection
    }
    if (!connection.send(frame, frameClass)) return 'full'
    this.stats.packetsSent++
    this.stats.bytesSent += frame.length
    return connection.isConnected ? 'sent' : 'queued'
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    const server = this.#server
    const stopped =
      server === undefined || !server.listening
        ? undefined
        : new Promise<void>((resolve) => {
            server.close(() => resolve())
          })
    const closing = [...this.#connections.values()].map((connection) => connection.close())
    this.#connections.clear()
    await Promise.all([stopped, ...closing])
  }

  async #listen(bindAddr: string): Promise<void> {
    const bind = parseSocketAddress(bindAddr)
    if (!bind.ok)
      throw new TransportError(
        'bad-config',
        `Cannot bind TCP to "${bindAddr}": write a numeric address and a port, as 0.0.0.0:8443 or [::]:8443.`,
      )
    const { noDelay, keepAliveMs, maxInbound } = this.#options
    const server = createServer({
      noDelay,
      keepAlive: keepAliveMs > 0,
      keepAliveInitialDelay: keepAliveMs,
    })
    server.maxConnections = maxInbound
    server.on('connection', (socket) => this.#accept(socket))
    server.on('drop', () => {
      this.stats.connections.rejected++
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: bind.value.host, port: bind.value.port, exclusive: true }, () => {
        server.off('error', reject)
        resolve()
      })
    }).catch((error: unknown) => {
      throw bindError(error, 'tcp', bindAddr)
    })
    // Out of file descriptors, say: one connection is not accepted, the rest go on.
    server.on('error', () => {
      this.stats.recvErrors++
    })
    const bound = server.address()
    if (bound !== null && typeof bound !== 'string') {
      this.#localAddr = formatSocketAddress(bound.address, bound.port)
    }
    this.#server = server
    if (this.#isClosed()) server.close()
  }

  #accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    if (this.#isClosed() || remoteAddress === undefined || remotePort === undefined) {
      socket.destroy()
      return
    }
    this.stats.connections.accepted++
    this.#add(formatSocketAddress(remoteAddress, remotePort), socket, true)
  }

  #dial(to: TransportAddr): TcpConnection | 'no-route' | 'full' {
    const address = parseSocketAddress(to)
    if (!address.ok || address.value.port === 0) return 'no-route'
    if (this.#dialsUnderWay() >= MAX_DIALS) return 'full'
    const { noDelay, keepAliveMs } = this.#options
    const socket = connect({
      host: address.value.host,
      port: address.value.port,
      noDelay,
      keepAlive: keepAliveMs > 0,
      keepAliveInitialDelay: keepAliveMs,
    })
    return this.#add(to, socket, false)
  }

  #add(addr: TransportAddr, socket: Socket, isInbound: boolean): TcpConnection {
    const pool = isInbound ? 'inbound' : 'outbound'
    const { connections } = this.stats
    const connection = new TcpConnection(socket, isInbound, this.#options, {
      connected: () => {
        connections.established++
      },
      frame: (frame) => this.#received(addr, frame),
      ended: (reason) => {
        this.#connections.delete(addr)
        connections[pool]--
        this.#count(reason)
        if (connection.isConnected && !this.#isClosed()) this.#sink?.gone?.(addr, reason)
      },
    })
    this.#connections.set(addr, connection)
    connections[pool]++
    return connection
  }

  #received(from: TransportAddr, frame: Uint8Array): void {
    this.stats.packetsRecv++
    this.stats.bytesRecv += frame.length
    this.#sink?.frame(from, frame)
  }

  #count(reason: EndReason): void {
    const { connections, drops } = this.stats
    if (reason === 'connect-timeout') connections.connectTimeouts++
    else if (reason === 'connect-refused') connections.connectRefused++
    drops[reason] = (drops[reason] ?? 0) + 1
    if (reason.startsWith('out-of-step')) this.stats.recvErrors++
    else if (reason.startsWith('connect-')) this.stats.sendErrors++
  }

  #dialsUnderWay(): number {
    let count = 0
    for (const connection of this.#connections.values()) if (!connection.isConnected) count++
    return count
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }
}
