/** What we send: counts of one link or session, and the reports about them. */
import type { Millis } from '../time.ts'
import type { ReportPacing } from './limits.ts'
import { LINK_PACING, MAX_SEND_BACKOFF_DOUBLINGS, SENDER_REPORT_RTTS } from './limits.ts'
import { ReportPacer } from './pacer.ts'
import type { SenderReport } from './wire.ts'

interface Mark {
  readonly counter: bigint
  readonly timestamp: number
}

const MAX_U32 = 0xffffffff

export class SenderState {
  readonly pacer: ReportPacer
  #packets = 0
  #bytes = 0
  #intervalBytes = 0
  #first: Mark | undefined
  #last: Mark | undefined
  #failures = 0

  constructor(pacing: ReportPacing = LINK_PACING) {
    this.pacer = new ReportPacer(pacing, SENDER_REPORT_RTTS)
  }

  /** Frames sent since the start, across rekeys. */
  get packets(): number {
    return this.#packets
  }

  get bytes(): number {
    return this.#bytes
  }

  /** `timestamp` as the frame carries it, ms; `bytes` on the wire. */
  record(counter: bigint, timestamp: number, bytes: number): void {
    this.#last = { counter, timestamp }
    this.#first ??= this.#last
    this.#intervalBytes = Math.min(MAX_U32, this.#intervalBytes + bytes)
    this.#packets++
    this.#bytes += bytes
  }

  /** Something was sent since the last report and the interval, longer after failures, has passed. */
  isReportDue(now: Millis): boolean {
    return this.#first !== undefined && this.pacer.isDue(now, this.#stretch())
  }

  /** When the next report is due; undefined while there is nothing to report. */
  deadline(): Millis | undefined {
    return this.#first === undefined ? undefined : this.pacer.dueAt(this.#stretch())
  }

  /** The report for the interval that ends now; undefined when nothing was sent in it. */
  report(now: Millis): SenderReport | undefined {
    if (this.#first === undefined || this.#last === undefined) return undefined
    const report: SenderReport = {
      intervalStartCounter: this.#first.counter,
      intervalEndCounter: this.#last.counter,
      intervalStartTimestamp: this.#first.timestamp,
      intervalEndTimestamp: this.#last.timestamp,
      intervalBytesSent: this.#intervalBytes,
      cumulativePacketsSent: BigInt(this.#packets),
      cumulativeBytesSent: BigInt(this.#bytes),
    }
    this.#first = undefined
    this.#intervalBytes = 0
    this.pacer.reported(now)
    return report
  }

  /** A report could not be sent: the next one waits longer. */
  sendFailed(): void {
    this.#failures++
  }

  sendSucceeded(): void {
    this.#failures = 0
  }

  #stretch(): number {
    return 2 ** Math.min(this.#failures, MAX_SEND_BACKOFF_DOUBLINGS)
  }
}
