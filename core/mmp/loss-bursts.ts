/** Runs of lost frames, read from gaps in the counters. */

/** The runs of an interval. */
export interface BurstSummary {
  readonly count: number
  /** Frames in the longest run. */
  readonly longest: number
  /** Mean frames in a run, 8.8 fixed point. */
  readonly mean: number
}

const MAX_U16 = 0xffff

/** A run goes on while frames with gaps before them follow each other, and ends at a frame without one. */
export class LossBursts {
  #expected: number | undefined
  #current = 0
  #count = 0
  #longest = 0
  #total = 0

  observe(counter: number): void {
    const expected = this.#expected
    if (expected === undefined || counter >= expected) this.#expected = counter + 1
    if (expected === undefined) return
    if (counter <= expected) {
      this.#finish()
      return
    }
    if (this.#current === 0) this.#count++
    this.#current = Math.min(MAX_U16, this.#current + counter - expected)
  }

  /** Ends the interval, and the run that is going on. */
  take(): BurstSummary {
    this.#finish()
    const mean = this.#count === 0 ? 0 : Math.min(MAX_U16, Math.floor((this.#total / this.#count) * 256))
    const summary = { count: this.#count, longest: this.#longest, mean }
    this.#count = 0
    this.#longest = 0
    this.#total = 0
    return summary
  }

  #finish(): void {
    this.#longest = Math.max(this.#longest, this.#current)
    this.#total += this.#current
    this.#current = 0
  }
}
