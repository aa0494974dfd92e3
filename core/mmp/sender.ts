/** What we send: counts of one link or session, and the reports about them. */
import type { Millis } from '../time.ts'
import type { ReportPacing } from './limits.ts'
import { LINK_PACING, MAX_SEND_BACKOFF_DOUBLINGS, SENDER_REPORT_RTTS } from './limits.ts'
import { ReportPacer } from './pacer.ts'
import type { SenderReport } from './wire.ts'

const MAX_U32 = 0xffffffff

export class SenderState {
  readonly pacer: ReportPacer
  #packets = 0
  #bytes = 0
  #intervalBytes = 0
  /** Undefined while nothing was sent in this interval. */
  #firstCounter: number | undefined
  #firstTimestamp = 0
  #lastCounter = 0
  #lastTimestamp = 0
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
  record(counter: number, timestamp: number, bytes: number): void {
    this.#lastCounter = counter
    this.#lastTimestamp = timestamp
    if (this.#firstCounter === undefined) {
      this.#firstCounter = counter
      this.#firstTimestamp = timestamp
    }
    this.#intervalBytes = Math.min(MAX_U32, this.#intervalBytes + bytes)
    this.#packets++
    this.#bytes += bytes
  }

  /** Something was sent since the last report and the interval, longer after failures, has passed. */
  isReportDue(now: Millis): boolean {
    return this.#firstCounter !== undefined && this.pacer.isDue(now, this.#stretch())
  }

  /** When the next report is due; undefined while there is nothing to report. */
  deadline(): Millis | undefined {
    return this.#firstCounter === undefined ? undefined : this.pacer.dueAt(this.#stretch())
  }

  /** The report for the interval that ends now; undefined when nothing was sent in it. */
  report(now: Millis): SenderReport | undefined {
    if (this.#firstCounter === undefined) return undefined
    const report: SenderReport = {
      intervalStartCounter: BigInt(this.#firstCounter),
      intervalEndCounter: BigInt(this.#lastCounter),
      intervalStartTimestamp: this.#firstTimestamp,
      intervalEndTimestamp: this.#lastTimestamp,
      intervalBytesSent: this.#intervalBytes,
      cumulativePacketsSent: BigInt(this.#packets),
      cumulativeBytesSent: BigInt(this.#bytes),
    }
    this.#firstCounter = undefined
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
