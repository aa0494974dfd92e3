/**
 * When we may start: our own random slot before every burst (the modem's contention window counts from its previous
 * transmission, so after quiet two modems start at the same instant), silence while an answer is awaited, and room
 * left for the acknowledgements of others.
 */
import { randomUnit, type Millis, type Rng } from '../../core/index.ts'
import type { SendChannel } from './flight.ts'
import type { StationId } from './station.ts'
import type { Physics } from './timing.ts'

/** How long foreign traffic heard once makes us allow for more of it. */
const FOREIGN_MEMORY_FULL_FRAMES = 60
/** Over which a modem measures its own airtime, by which it widens its contention window (RNode). */
const MODEM_MEMORY: Millis = 15_000

interface Awaiting {
  readonly channel: SendChannel
  /** Set once the request has left the antenna. */
  until: Millis | undefined
}

export class ChannelAccess {
  readonly #rng: Rng
  #awaiting: Awaiting | undefined
  #startAt: Millis | undefined
  #quietUntil: Millis = -Infinity
  #bursting = false
  #foreignMs: Millis = 0
  #foreignUntil: Millis = -Infinity
  /** Airtime heard of everybody, fading within a modem's memory: no modem has sent more. */
  #heardMs: Millis = 0
  #heardAt: Millis = -Infinity

  constructor(rng: Rng) {
    this.#rng = rng
  }

  get awaiting(): SendChannel | undefined {
    return this.#awaiting?.channel
  }

  /** The instant from which a waiting frame may go, drawing a slot when none is drawn; undefined while an answer is awaited. */
  startAt(physics: Physics, setbacks: number, now: Millis): Millis | undefined {
    if (this.#awaiting !== undefined) return undefined
    if (this.#bursting) return now
    this.#startAt ??= now + randomUnit(this.#rng) * physics.startWindowMs(setbacks)
    return Math.max(this.#startAt, this.#quietUntil)
  }

  /** A frame of a burst has been handed over; `awaits` when it was the last and wants an answer. */
  started(awaits: SendChannel | undefined): void {
    this.#bursting = awaits === undefined
    this.#startAt = undefined
    if (awaits !== undefined) this.#awaiting = { channel: awaits, until: undefined }
  }

  /** Nothing more to send: the next start draws again. */
  idle(): void {
    this.#bursting = false
    this.#startAt = undefined
  }

  /** The request is out: its answer must come in the time that physics needs. */
  requestSent(channel: SendChannel, physics: Physics, now: Millis): void {
    if (this.#awaiting?.channel !== channel) return
    const foreignMs = now < this.#foreignUntil ? this.#foreignMs : 0
    this.#awaiting.until = now + physics.ackWaitMs(foreignMs, this.#heardShare(now))
  }

  answered(channel: SendChannel): void {
    if (this.#awaiting?.channel === channel) this.#awaiting = undefined
  }

  /** The channel whose answer is overdue. */
  overdue(now: Millis): SendChannel | undefined {
    const awaiting = this.#awaiting
    if (awaiting?.until === undefined || awaiting.until > now) return undefined
    this.#awaiting = undefined
    return awaiting.channel
  }

  /** The station that owes us an answer is sending something else: its modem will send that first. */
  heardFrom(station: StationId, physics: Physics, now: Millis): void {
    const awaiting = this.#awaiting
    if (awaiting?.until === undefined || awaiting.channel.station !== station) return
    awaiting.until = Math.max(awaiting.until, now + physics.busyAckWaitMs(this.#heardShare(now)))
  }

  /** Any frame at all, before anything else is made of it. */
  heard(bytes: number, physics: Physics, now: Millis): void {
    this.#heardMs = this.#heardShare(now) * MODEM_MEMORY + physics.timing.airtimeMs(bytes)
    this.#heardAt = now
  }

  /** Traffic between others; with `wantsAnswer` one of them is about to answer. */
  heardForeign(bytes: number, wantsAnswer: boolean, physics: Physics, now: Millis): void {
    const airtime = physics.timing.airtimeMs(bytes)
    this.#foreignMs = now < this.#foreignUntil ? Math.max(this.#foreignMs, airtime) : airtime
    this.#foreignUntil = now + FOREIGN_MEMORY_FULL_FRAMES * physics.fullMs
    if (wantsAnswer) this.#quietUntil = now + physics.courtesyMs()
  }

  deadline(): Millis | undefined {
    return this.#awaiting?.until
  }

  #heardShare(now: Millis): number {
    return (this.#heardMs / MODEM_MEMORY) * Math.exp((this.#heardAt - now) / MODEM_MEMORY)
  }

  reset(): void {
    this.#awaiting = undefined
    this.#quietUntil = -Infinity
    this.idle()
  }
}
