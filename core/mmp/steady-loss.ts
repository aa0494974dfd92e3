/** The share of frames that a link loses in the long run, by the reports that one end makes and the other reads. */
import type { ReceiverReport } from './wire.ts'

/** What it looks back on, and how many frames it takes to say something: between two reports there may be a handful. */
const REPORTS = 10
const LEAST_FRAMES = 8
/** Of two reports that leave together the second may come first: it is missing in the newest report and will be in none to come. */
const OVERTAKEN = 1

type Received = Pick<ReceiverReport, 'highestCounter' | 'cumulativePacketsReceived'>

export class SteadyLoss {
  /** 0..1. Outlives a change of keys. */
  rate = 0
  /** Oldest first, of the present keys; `REPORTS` at most. */
  #recent: Received[] = []

  update(report: Received): void {
    this.#recent.push(report)
    if (this.#recent.length > REPORTS) this.#recent.shift()
    const oldest = this.#recent[0] ?? report
    const expected = Number(report.highestCounter - oldest.highestCounter)
    if (expected < LEAST_FRAMES) return
    const arrived = Number(report.cumulativePacketsReceived - oldest.cumulativePacketsReceived)
    this.rate = Math.max(0, expected - arrived - OVERTAKEN) / expected
  }

  /** Counters start again. */
  rekeyed(): void {
    this.#recent = []
  }
}
