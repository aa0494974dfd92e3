/** When the next report is due. */
import type { Millis } from '../time.ts'
import type { ReportPacing } from './limits.ts'

export class ReportPacer {
  readonly #pacing: ReportPacing
  readonly #rtts: number
  #interval: Millis
  #updates = 0
  #lastReport: Millis | undefined

  /** `rtts`: round-trip times between two reports. */
  constructor(pacing: ReportPacing, rtts: number) {
    this.#pacing = pacing
    this.#rtts = rtts
    this.#interval = pacing.initial
  }

  get interval(): Millis {
    return this.#interval
  }

  /** A new smoothed round-trip time in µs; one that is not positive counts as an update but changes nothing. */
  update(rtt: number): void {
    this.#updates++
    if (rtt <= 0) return
    const { coldStartUpdates, coldStartMin, min, max } = this.#pacing
    const floor = this.#updates <= coldStartUpdates ? coldStartMin : min
    const wanted = Math.floor((rtt * this.#rtts) / MICROS_PER_MILLI)
    this.#interval = Math.max(floor, Math.min(max, wanted))
  }

  /** `stretch`: factor on the interval. The first report is due at once. */
  isDue(now: Millis, stretch = 1): boolean {
    return now >= this.dueAt(stretch)
  }

  dueAt(stretch = 1): Millis {
    return this.#lastReport === undefined ? -Infinity : this.#lastReport + this.#interval * stretch
  }

  reported(now: Millis): void {
    this.#lastReport = now
  }
}

const MICROS_PER_MILLI = 1000
