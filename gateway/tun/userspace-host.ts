/**
 * An IPv6 host inside this process, for nodes that run without root: it answers echo requests and can send them.
 * To the node it looks as a TUN does.
 */
import type { Clock, Millis } from '../../core/index.ts'
import { echoReply, echoRequest, IPV6_HEADER, IPV6_MIN_MTU, parseIpv6, readIcmp } from '../ipv6/index.ts'
import type { Tun } from './tun.ts'

export interface UserspaceHostOptions {
  /** The node's mesh address, 16 bytes. */
  readonly address: Uint8Array
  readonly clock: Clock
  readonly name?: string
  /** Bytes; default 1280. */
  readonly mtu?: number
}

export interface PingOptions {
  readonly timeoutMs?: Millis
  /** Data bytes of the echo request; default 56, as ping sends. */
  readonly dataBytes?: number
}

export type PingResult =
  | { readonly ok: true; readonly rttMs: Millis; readonly bytes: number }
  | {
      readonly ok: false
      readonly reason: 'timeout' | 'unreachable' | 'too-big' | 'closed' | 'not-sent'
      readonly mtu?: number
    }

const DEFAULT_TIMEOUT: Millis = 10_000
const DEFAULT_DATA_BYTES = 56
const ICMP_HEADER = 8
/** Pings under way at once; sequence numbers are 16 bits. */
const MAX_PENDING = 1024

interface Pending {
  readonly sentAt: Millis
  readonly data: Uint8Array
  settle(result: PingResult): void
}

export class UserspaceHost implements Tun {
  readonly name: string
  readonly mtu: number
  readonly address: Uint8Array
  readonly #clock: Clock
  readonly #pending = new Map<number, Pending>()
  /** Tells our echo requests apart should an error quote one. */
  readonly #id: number
  #sequence = 0
  #onPacket: ((packet: Uint8Array) => void) | undefined
  #closed = false

  constructor(options: UserspaceHostOptions) {
    this.address = options.address
    this.#clock = options.clock
    this.#id = ((options.address[1] ?? 0) << 8) | (options.address[2] ?? 0)
    this.name = options.name ?? 'userspace'
    this.mtu = options.mtu ?? IPV6_MIN_MTU
  }

  start(onPacket: (packet: Uint8Array) => void): void {
    this.#onPacket = onPacket
  }

  write(packet: Uint8Array): boolean {
    if (this.#closed) return false
    const message = readIcmp(packet)
    switch (message?.type) {
      case undefined:
        // Like a host with no open port that is told not to answer.
        break
      case 'echo-request': {
        const reply = echoReply(packet)
        // The node is in the middle of handing us a packet: it takes the answer on a later turn.
        this.#clock.after(0, () => this.#emit(reply))
        break
      }
      case 'echo-reply': {
        const pending = message.id === this.#id ? this.#pending.get(message.sequence) : undefined
        if (pending === undefined || !sameBytes(pending.data, message.data)) break
        const rttMs = this.#clock.now() - pending.sentAt
        pending.settle({ ok: true, rttMs, bytes: packet.length })
        break
      }
      case 'error':
        this.#failed(message)
    }
    return true
  }

  /** Sends an echo request to a mesh address (16 bytes or text) and waits for its answer. Never rejects. */
  ping(to: Uint8Array | string, options: PingOptions = {}): Promise<PingResult> {
    const destination = typeof to === 'string' ? parseIpv6(to) : to
    const dataBytes = options.dataBytes ?? DEFAULT_DATA_BYTES
    if (this.#closed) return Promise.resolve({ ok: false, reason: 'closed' })
    const full = this.#pending.size >= MAX_PENDING
    if (destination === undefined || full) return Promise.resolve({ ok: false, reason: 'not-sent' })
    if (IPV6_HEADER + ICMP_HEADER + dataBytes > this.mtu)
      return Promise.resolve({ ok: false, reason: 'too-big', mtu: this.mtu })
    const sequence = this.#nextSequence()
    const data = Uint8Array.from({ length: dataBytes }, (_, i) => (sequence + i) & 0xff)
    return new Promise((resolve) => {
      const cancel = this.#clock.after(options.timeoutMs ?? DEFAULT_TIMEOUT, () =>
        this.#pending.get(sequence)?.settle({ ok: false, reason: 'timeout' }),
      )
      this.#pending.set(sequence, {
        sentAt: this.#clock.now(),
        data,
        settle: (result) => {
          cancel()
          this.#pending.delete(sequence)
          resolve(result)
        },
      })
      this.#emit(echoRequest({ source: this.address, destination, id: this.#id, sequence, data }))
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const pending of this.#pending.values()) pending.settle({ ok: false, reason: 'closed' })
  }

  #emit(packet: Uint8Array): void {
    if (!this.#closed) this.#onPacket?.(packet)
  }

  #failed(error: Extract<ReturnType<typeof readIcmp>, { type: 'error' }>): void {
    if (error.about?.id !== this.#id) return
    const pending = this.#pending.get(error.about.sequence)
    if (error.kind === 'too-big') pending?.settle({ ok: false, reason: 'too-big', mtu: error.mtu })
    else pending?.settle({ ok: false, reason: 'unreachable' })
  }

  #nextSequence(): number {
    do this.#sequence = (this.#sequence + 1) & 0xffff
    while (this.#pending.has(this.#sequence))
    return this.#sequence
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
