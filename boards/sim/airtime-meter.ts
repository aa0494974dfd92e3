import type { Millis } from '../../core/index.ts'

/** Length of one bin, and how many are kept: one hour. */
const BIN: Millis = 1000
const BINS = 3600

export const SHORT_TERM: Millis = 15_000
export const LONG_TERM: Millis = BINS * BIN

/** Time on air over sliding windows of up to an hour, in bins of a second; a ring, so its size is fixed. */
export class AirtimeMeter {
  readonly #bins = new Float64Array(BINS)
  #newest = 0

  add(endedAt: Millis, airtimeMs: Millis): void {
    this.#roll(endedAt)
    const at = this.#newest % BINS
    this.#bins[at] = (this.#bins[at] ?? 0) + airtimeMs
  }

  /** Share (0..1) of the last `window` ms. */
  share(now: Millis, window: Millis): number {
    this.#roll(now)
    let sum = 0
    for (let i = 0; i < window / BIN; i++) {
      const bin = this.#newest - i
      if (bin < 0) break
      sum += this.#bins[bin % BINS] ?? 0
    }
    return Math.min(1, sum / window)
  }

  #roll(now: Millis): void {
    const bin = Math.max(0, Math.floor(now / BIN))
    if (bin - this.#newest >= BINS) this.#bins.fill(0)
    else for (let b = this.#newest + 1; b <= bin; b++) this.#bins[b % BINS] = 0
    this.#newest = Math.max(this.#newest, bin)
  }
}
