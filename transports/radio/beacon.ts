/** When we announce ourselves: at start, about hourly, and when asked, each with a delay of its own drawing. */
import { randomUnit, type Millis, type Rng } from '../../core/index.ts'

const INTERVAL: Millis = 3_600_000
/** Share of the interval by which it varies to either side. */
const JITTER = 0.1
/** Solicits answered at once, and the time in which one more may be: a stranger must not spend our hour. */
const ANSWERS = 3
const ANSWER_REFILL: Millis = 600_000

export class BeaconSchedule {
  readonly #rng: Rng
  #dueAt: Millis | undefined
  #answers = ANSWERS
  #refilledAt: Millis = 0

  constructor(rng: Rng) {
    this.#rng = rng
  }

  get dueAt(): Millis | undefined {
    return this.#dueAt
  }

  /** The radio is up: one soon. */
  start(spreadMs: Millis, now: Millis): void {
    this.#dueAt = now + randomUnit(this.#rng) * spreadMs
  }

  /** Somebody asks: one within the spread, unless too many have asked. */
  solicited(spreadMs: Millis, now: Millis): void {
    const refill = Math.floor((now - this.#refilledAt) / ANSWER_REFILL)
    if (refill > 0) {
      this.#answers = Math.min(ANSWERS, this.#answers + refill)
      this.#refilledAt = now
    }
    if (this.#answers === 0) return
    this.#answers--
    const at = now + randomUnit(this.#rng) * spreadMs
    if (this.#dueAt === undefined || at < this.#dueAt) this.#dueAt = at
  }

  /** One has gone out: the next in about an hour. */
  sent(now: Millis): void {
    this.#dueAt = now + INTERVAL * (1 + JITTER * (2 * randomUnit(this.#rng) - 1))
  }

  stop(): void {
    this.#dueAt = undefined
  }
}
