/**
 * FMP frames over a serial line, to one other end: another of these transports, or a microcontroller with framing of
 * its own. Survives noise, a cable cut in the middle of a frame, and the port going away.
 */
import {
  randomBelow,
  type Clock,
  type FrameClass,
  type LinkProfile,
  type Millis,
  type Rng,
  type TransportAddr,
  type TransportKind,
} from '../../core/index.ts'
import { PipeError, SERIAL_MAX_FRAME, U16_MAX_FRAME, type PipeOpener } from '../../firmware-proto/index.ts'
import {
  emptyStats,
  TransportError,
  type SendResult,
  type Transport,
  type TransportSink,
  type TransportStats,
} from '../transport.ts'
import { SerialLine } from './line.ts'
import { Outbox } from './outbox.ts'
import { lineTime } from './pace.ts'
import type { Framing } from './recogniser.ts'

export interface SerialOptions {
  /** The port's name: the one address of this transport. */
  readonly name: TransportAddr
  readonly open: PipeOpener
  readonly clock: Clock
  readonly rng: Rng
  /** Bits per second, as the port is set. Frames are paced by it. */
  readonly baud: number
  /** `auto`, the default, recognises the other side by what it sends, and speaks COBS until then. */
  readonly framing?: Framing | 'auto'
  readonly profile?: LinkProfile
}

/** Both framings carry this much. */
const MTU = Math.min(SERIAL_MAX_FRAME, U16_MAX_FRAME)

/** Waiting frames: a second of the line, so that little grows stale, and never less than four of the longest. */
const QUEUE_TIME: Millis = 1000
const MIN_QUEUE_BYTES = 4 * MTU

/** A port that went away is tried again for ever, the pause doubling from the first to the last of these. */
const FIRST_RETRY: Millis = 250
const LAST_RETRY: Millis = 2000

export class SerialTransport implements Transport {
  readonly kind: TransportKind = 'serial'
  readonly mtu: number = MTU
  readonly profile: LinkProfile
  readonly reliable = false
  readonly localAddr: TransportAddr
  readonly stats: TransportStats = emptyStats()
  readonly #options: SerialOptions
  readonly #outbox: Outbox
  #sink: TransportSink | undefined
  #line: SerialLine | undefined
  #framing: Framing | undefined
  #state: 'new' | 'open' | 'closed' = 'new'
  #cancelRetry: (() => void) | undefined
  #reopening: Promise<void> | undefined

  constructor(options: SerialOptions) {
    this.#options = options
    this.localAddr = options.name
    this.profile = options.profile ?? 'stock'
    this.#outbox = new Outbox(Math.max(MIN_QUEUE_BYTES, QUEUE_TIME / lineTime(1, options.baud)))
  }

  /** The other side's framing, once known on the present opening of the port. */
  get framing(): Framing | undefined {
    return this.#framing
  }

  /** Rejects when the port is not there now; once open, its going away is survived. */
  async open(sink: TransportSink): Promise<void> {
    if (this.#state !== 'new')
      throw new TransportError('bad-config', 'A serial transport can be opened once only.')
    this.#state = 'open'
    this.#sink = sink
    try {
      await this.#openLine()
    } catch (error) {
      this.#state = 'closed'
      throw portError(error, this.localAddr)
    }
  }

  send(to: TransportAddr, frame: Uint8Array, frameClass: FrameClass): SendResult {
    if (this.#line === undefined) return 'down'
    if (frame.length > this.mtu) {
      this.stats.mtuExceeded++
      return 'too-large'
    }
    if (to !== this.localAddr) {
      this.stats.sendErrors++
      return 'no-route'
    }
    const displaced = this.#outbox.add(Uint8Array.from(frame), frameClass)
    if (displaced === undefined) return 'full'
    for (let i = 0; i < displaced; i++) this.#dropped('displaced')
    this.stats.packetsSent++
    this.stats.bytesSent += frame.length
    this.#line.pump()
    return 'queued'
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    this.#cancelRetry?.()
    const line = this.#line
    this.#line = undefined
    await line?.close()
    await this.#reopening
  }

  async #openLine(): Promise<void> {
    const { clock, baud, rng, framing = 'auto' } = this.#options
    const pipe = await this.#options.open()
    if (this.#isClosed()) {
      await pipe.close()
      return
    }
    this.#outbox.clear()
    this.#framing = undefined
    const line = new SerialLine(
      pipe,
      this.#outbox,
      { clock, baud, framing: framing === 'auto' ? undefined : framing, firstId: randomBelow(rng, 256) },
      {
        frame: (frame) => this.#received(frame),
        dropped: (reason) => this.#dropped(reason),
        recognised: (known) => {
          this.#framing = known
          const speaker =
            known === 'u16' ? 'a microcontroller (length-prefixed frames)' : 'another gateway (COBS)'
          this.#sink?.notice?.('info', `Serial ${this.localAddr}: the other side is ${speaker}.`)
        },
        closed: (reason) => this.#lost(reason),
      },
    )
    this.#line = line
    line.start()
  }

  #received(frame: Uint8Array): void {
    if (this.#isClosed()) return
    this.stats.packetsRecv++
    this.stats.bytesRecv += frame.length
    this.#sink?.frame(this.localAddr, frame)
  }

  #dropped(reason: string): void {
    this.stats.drops[reason] = (this.stats.drops[reason] ?? 0) + 1
  }

  #lost(reason: string): void {
    const line = this.#line
    this.#line = undefined
    this.#outbox.clear()
    if (this.#isClosed()) return
    this.#sink?.state(false, reason)
    // The handle of a device that is gone must still be given back before it can be opened anew.
    const released = line?.close() ?? Promise.resolve()
    this.#retry(FIRST_RETRY, released)
  }

  #retry(pause: Millis, after: Promise<void>): void {
    if (this.#isClosed()) return
    this.#cancelRetry = this.#options.clock.after(pause, () => {
      this.#reopening = this.#reopen(pause, after)
    })
  }

  async #reopen(pause: Millis, after: Promise<void>): Promise<void> {
    try {
      await after
      await this.#openLine()
    } catch {
      this.#retry(Math.min(pause * 2, LAST_RETRY), Promise.resolve())
      return
    }
    if (this.#line !== undefined) this.#sink?.state(true, `${this.localAddr} is back`)
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }
}

function portError(error: unknown, name: string): TransportError {
  if (!(error instanceof PipeError)) {
    const reason = error instanceof Error ? error.message : String(error)
    return new TransportError('io', `Cannot open serial port ${name}: ${reason}.`)
  }
  return new TransportError(error.code === 'busy' ? 'address-in-use' : error.code, error.message)
}
