/**
 * Transports inside one process: every transport attached to a hub reaches every other by name. The fake to test
 * against and the shortest way to embed several nodes.
 */
import type { Clock, LinkProfile, Millis, TransportAddr, TransportKind } from '../core/index.ts'
import { systemClock } from './system-clock.ts'
import {
  emptyStats,
  TransportError,
  type SendResult,
  type Transport,
  type TransportSink,
  type TransportStats,
} from './transport.ts'

export interface MemoryHubOptions {
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** From `send` to delivery. Default 0, which still is not synchronous. */
  readonly latencyMs?: Millis
}

export interface MemoryTransportOptions {
  /** Bytes; default 1500. */
  readonly mtu?: number
  readonly profile?: LinkProfile
}

const DEFAULT_MTU = 1500

/** Frames on their way to one transport: some seconds of the fastest node, after which `send` answers `full`. */
const MAX_IN_FLIGHT = 4096

/** Joins transports. An attached transport is reachable from its `open` to its `close`. */
export class MemoryHub {
  readonly clock: Clock
  readonly latencyMs: Millis
  readonly #open = new Map<TransportAddr, MemoryTransport>()

  constructor(options: MemoryHubOptions = {}) {
    this.clock = options.clock ?? systemClock
    this.latencyMs = options.latencyMs ?? 0
  }

  /** A transport of this hub under the name others send to. */
  attach(addr: TransportAddr, options: MemoryTransportOptions = {}): MemoryTransport {
    return new MemoryTransport(this, this.#open, addr, options)
  }
}

/** Made by `MemoryHub.attach`. */
export class MemoryTransport implements Transport {
  readonly kind: TransportKind = 'memory'
  readonly mtu: number
  readonly profile: LinkProfile
  readonly reliable = true
  readonly localAddr: TransportAddr
  readonly stats: TransportStats = emptyStats()
  readonly #hub: MemoryHub
  readonly #stations: Map<TransportAddr, MemoryTransport>
  #sink: TransportSink | undefined
  #opened = false
  #up = true
  #inFlight = 0

  constructor(
    hub: MemoryHub,
    stations: Map<TransportAddr, MemoryTransport>,
    addr: TransportAddr,
    options: MemoryTransportOptions,
  ) {
    this.#hub = hub
    this.#stations = stations
    this.localAddr = addr
    this.mtu = options.mtu ?? DEFAULT_MTU
    this.profile = options.profile ?? 'stock'
  }

  async open(sink: TransportSink): Promise<void> {
    if (this.#opened)
      throw new TransportError('bad-config', `Memory transport ${this.localAddr} was opened twice.`)
    if (this.#stations.has(this.localAddr))
      throw new TransportError(
        'address-in-use',
        `The name ${this.localAddr} is taken on this memory hub: choose another.`,
      )
    this.#opened = true
    this.#sink = sink
    this.#stations.set(this.localAddr, this)
  }

  send(to: TransportAddr, frame: Uint8Array): SendResult {
    if (this.#sink === undefined || !this.#up) return 'down'
    if (frame.length > this.mtu) {
      this.stats.mtuExceeded++
      return 'too-large'
    }
    const target = this.#stations.get(to)
    if (target === undefined) {
      this.stats.sendErrors++
      return 'no-route'
    }
    if (target.#inFlight >= MAX_IN_FLIGHT) return 'full'
    this.stats.packetsSent++
    this.stats.bytesSent += frame.length
    const copy = Uint8Array.from(frame)
    target.#inFlight++
    this.#hub.clock.after(this.#hub.latencyMs, () => {
      target.#inFlight--
      target.#deliver(this.localAddr, copy)
    })
    return 'sent'
  }

  /** Takes the medium down or brings it back, as an unplugged radio would. Frames on their way while down are lost. */
  setUp(up: boolean, reason: string): void {
    if (this.#sink === undefined || this.#up === up) return
    this.#up = up
    this.#sink.state(up, reason)
  }

  async close(): Promise<void> {
    if (this.#sink === undefined) return
    this.#sink = undefined
    this.#stations.delete(this.localAddr)
  }

  #deliver(from: TransportAddr, frame: Uint8Array): void {
    if (this.#sink === undefined || !this.#up) return
    this.stats.packetsRecv++
    this.stats.bytesRecv += frame.length
    this.#sink.frame(from, frame)
  }
}
