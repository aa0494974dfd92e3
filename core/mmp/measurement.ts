/** Everything measured on one link or session: the four parts, and what ties them together. */
import type { Millis } from '../time.ts'
import { SpinBit } from './estimators.ts'
import type { ReportPacing } from './limits.ts'
import { LINK_PACING, SESSION_PACING } from './limits.ts'
import type { ReportOutcome } from './metrics.ts'
import { LinkMetrics } from './metrics.ts'
import { ReceiverState } from './receiver.ts'
import { SenderState } from './sender.ts'
import type { ReceiverReport } from './wire.ts'

/** `full` sends both reports, `lightweight` receiver reports only, `minimal` none. */
export type ReportMode = 'full' | 'lightweight' | 'minimal'

export interface MeasurementOptions {
  readonly layer: 'link' | 'session'
  readonly mode: ReportMode
  /** We started the handshake: our spin bit leads. */
  readonly initiator: boolean
  /** Samples that the delay trend is computed over. */
  readonly delayWindow?: number
}

const MICROS_PER_MILLI = 1000

export class Measurement {
  /** Which reports go out; may change while the link stands. */
  mode: ReportMode
  readonly sender: SenderState
  readonly receiver: ReceiverState
  readonly metrics: LinkMetrics = new LinkMetrics()
  readonly spin: SpinBit

  constructor(options: MeasurementOptions) {
    const pacing: ReportPacing = options.layer === 'link' ? LINK_PACING : SESSION_PACING
    this.mode = options.mode
    this.sender = new SenderState(pacing)
    this.receiver = new ReceiverState(pacing, options.delayWindow)
    this.spin = new SpinBit(options.initiator)
  }

  /** The peer's report on our frames. `ourTimestamp`: our session clock now, ms. Adjusts the pacing of our own reports. */
  receiverReport(report: ReceiverReport, ourTimestamp: number, now: Millis): ReportOutcome {
    const outcome = this.metrics.receiverReport(report, ourTimestamp, now)
    const rttMs = this.metrics.rttMs
    if (rttMs !== undefined) {
      this.sender.pacer.update(rttMs * MICROS_PER_MILLI)
      this.receiver.pacer.update(rttMs * MICROS_PER_MILLI)
    }
    this.metrics.reverseDelivery(this.receiver.packets, this.receiver.highestCounter)
    return outcome
  }

  isSenderReportDue(now: Millis): boolean {
    return this.mode === 'full' && this.sender.isReportDue(now)
  }

  isReceiverReportDue(now: Millis): boolean {
    return this.mode !== 'minimal' && this.receiver.isReportDue(now)
  }

  /** When the next report is due; undefined while there is nothing to report. */
  deadline(): Millis | undefined {
    const sender = this.mode === 'full' ? this.sender.deadline() : undefined
    const receiver = this.mode === 'minimal' ? undefined : this.receiver.deadline()
    if (sender === undefined) return receiver
    return receiver === undefined ? sender : Math.min(sender, receiver)
  }

  /** New keys on the link or session. */
  rekeyed(now: Millis): void {
    this.receiver.rekeyed(now)
    this.metrics.rekeyed()
    this.spin.rekeyed()
  }
}
