/**
 * The airtime a station may use in a regulatory sub-band, over a sliding hour. One budget is shared by all radios of
 * a node in the same sub-band, and survives restarts through `save` and `restore`.
 */
import type { Millis } from '../../core/index.ts'

export interface AirtimeBudget {
  /** How long to wait until `airtimeMs` may be sent; 0 is now, Infinity never. */
  allow(airtimeMs: Millis, now: Millis): Millis
  /** So much has been sent. */
  spend(airtimeMs: Millis, now: Millis): void
}

/** A budget's memory: airtime by minute, newest last. Plain data, for a file. */
export interface BudgetState {
  /** Airtime in ms of each of the last minutes. */
  readonly minutes: readonly number[]
  /** Age of the newest entry when it was saved, ms. */
  readonly age: Millis
}

const WINDOW: Millis = 3_600_000
const BIN: Millis = 60_000
/** One more than the window, so that a bin leaves only when all of it is older than an hour. */
const BINS: number = WINDOW / BIN + 1

export class SubBandBudget implements AirtimeBudget {
  readonly dutyCycle: number
  /** By minute of the monotonic clock. */
  readonly #bins = new Map<number, Millis>()

  /** `dutyCycle` in (0, 1]; 1 is no limit. */
  constructor(dutyCycle: number) {
    if (!(dutyCycle > 0 && dutyCycle <= 1)) throw new RangeError(`duty cycle ${dutyCycle} is not in (0, 1]`)
    this.dutyCycle = dutyCycle
  }

  allow(airtimeMs: Millis, now: Millis): Millis {
    const limit = this.dutyCycle * WINDOW
    if (this.dutyCycle >= 1) return 0
    if (airtimeMs > limit) return Infinity
    let excess = this.used(now) + airtimeMs - limit
    if (excess <= 0) return 0
    for (const [bin, used] of [...this.#bins].toSorted((a, b) => a[0] - b[0])) {
      excess -= used
      if (excess <= 0) return (bin + BINS) * BIN - now
    }
    return Infinity
  }

  spend(airtimeMs: Millis, now: Millis): void {
    this.#forget(now)
    const bin = Math.floor(now / BIN)
    this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + airtimeMs)
  }

  /** Airtime of the last hour. */
  used(now: Millis): Millis {
    this.#forget(now)
    let sum = 0
    for (const used of this.#bins.values()) sum += used
    return sum
  }

  save(now: Millis): BudgetState {
    this.#forget(now)
    const newest = Math.floor(now / BIN)
    const minutes = Array.from({ length: BINS }, (_, i) => this.#bins.get(newest - BINS + 1 + i) ?? 0)
    return { minutes, age: now - newest * BIN }
  }

  /**
   * Takes over what was saved `elapsed` ms ago. Never less than was sent: what is not a number counts as a full minute,
   * and as minutes do not start together across a restart, each is taken for up to one later.
   */
  restore(state: BudgetState, elapsed: Millis, now: Millis): void {
    const current = Math.floor(now / BIN)
    const newest = Math.floor((now - Math.max(0, elapsed)) / BIN) + 1
    const minutes = state.minutes.slice(-BINS)
    minutes.forEach((saved, i) => {
      const used = Number.isFinite(saved) && saved >= 0 ? saved : BIN
      const bin = Math.min(newest - (minutes.length - 1 - i), current)
      this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + used)
    })
    this.#forget(now)
  }

  #forget(now: Millis): void {
    const oldest = Math.floor(now / BIN) - BINS + 1
    for (const bin of this.#bins.keys()) if (bin < oldest) this.#bins.delete(bin)
  }
}
