/** What the other side's reports tell about a link or session: round trip, loss, goodput, and the cost that follows. */
import type { Millis } from '../time.ts'
import { DualEwma, etxOf, RttEstimator } from './estimators.ts'
import { COST_RTT } from './limits.ts'
import { SteadyLoss } from './steady-loss.ts'
import type { ReceiverReport } from './wire.ts'

export type ReportOutcome =
  /** A round-trip time came out of it; `first` when there was none before. */
  | { readonly type: 'rtt-sample'; readonly rttMs: number; readonly first: boolean }
  /** Counted, but its echo gives no usable round-trip time. */
  | { readonly type: 'invalid-rtt'; readonly rttMs: number }
  /** Counted; it echoes no timestamp. */
  | { readonly type: 'no-echo' }
  /** Older than the last one or the same: ignored. */
  | { readonly type: 'stale' }

const GOODPUT_WEIGHT = 0.25
const MICROS_PER_MILLI = 1000
const MILLIS_PER_SECOND = 1000

export class LinkMetrics {
  readonly rtt: RttEstimator = new RttEstimator()
  /** Trends of the round trip in µs, the loss ratio, the bytes between reports, the jitter in µs, and the ETX. */
  readonly rttTrend: DualEwma = new DualEwma()
  readonly lossTrend: DualEwma = new DualEwma()
  readonly goodputTrend: DualEwma = new DualEwma()
  readonly jitterTrend: DualEwma = new DualEwma()
  readonly etxTrend: DualEwma = new DualEwma()
  #deliveryForward = 1
  #deliveryReverse = 1
  #etx = 1
  #goodput = 0
  readonly #steadyLoss = new SteadyLoss()
  #previous: { readonly report: ReceiverReport; readonly at: Millis } | undefined
  #previousReverse: { readonly packets: number; readonly highestCounter: bigint } | undefined

  /** Fraction of our frames that arrived between the last two reports. */
  get deliveryForward(): number {
    return this.#deliveryForward
  }

  /** Fraction of the peer's frames that arrived here. */
  get deliveryReverse(): number {
    return this.#deliveryReverse
  }

  get lossRate(): number {
    return 1 - this.#deliveryForward
  }

  /** `lossRate` in the long run; undefined until enough frames were reported. */
  get steadyLossRate(): number | undefined {
    return this.#steadyLoss.rate
  }

  get etx(): number {
    return this.#etx
  }

  /** Bytes per second that arrive at the peer, smoothed. */
  get goodput(): number {
    return this.#goodput
  }

  /** Smoothed round-trip time in ms. */
  get rttMs(): number | undefined {
    return this.rtt.smoothed === undefined ? undefined : this.rtt.smoothed / MICROS_PER_MILLI
  }

  /** CE-marked frames the peer last reported. */
  get ceCount(): number {
    return this.#previous?.report.ecnCeCount ?? 0
  }

  /** Cost of the link for parent choice and routing: ETX weighted by latency; undefined while unmeasured. */
  get cost(): number | undefined {
    return this.rttMs === undefined ? undefined : this.#etx * (1 + this.rttMs / COST_RTT)
  }

  /** `ourTimestamp`: our session clock now, ms, as our frames carry it. */
  receiverReport(report: ReceiverReport, ourTimestamp: number, now: Millis): ReportOutcome {
    const previous = this.#previous
    if (previous !== undefined && !isNewer(report, previous.report)) return { type: 'stale' }
    const outcome = this.#updateRtt(report, ourTimestamp)
    if (previous !== undefined) {
      this.#updateLoss(report, previous.report)
      this.#updateGoodput(report, previous.report, now - previous.at)
    }
    this.jitterTrend.update(report.jitter)
    this.#previous = { report, at: now }
    this.#steadyLoss.update(Number(report.highestCounter), Number(report.cumulativePacketsReceived))
    return outcome
  }

  /** Our own reception of the peer's frames, at each of its reports: the other half of the ETX. */
  reverseDelivery(packets: number, highestCounter: bigint): void {
    const previous = this.#previousReverse
    if (previous !== undefined && highestCounter > previous.highestCounter) {
      const expected = Number(highestCounter - previous.highestCounter)
      this.#deliveryReverse = ratio(packets - previous.packets, expected)
      this.#updateEtx()
    }
    this.#previousReverse = { packets, highestCounter }
  }

  /** New keys: counters start again; what was learned of the path stays. */
  rekeyed(): void {
    this.#previous = undefined
    this.#previousReverse = undefined
    this.#steadyLoss.rekeyed()
    this.#deliveryForward = 1
  }

  #updateRtt(report: ReceiverReport, ourTimestamp: number): ReportOutcome {
    if (report.timestampEcho === 0) return { type: 'no-echo' }
    const rttMs = ourTimestamp - report.timestampEcho - report.dwellTime
    if (rttMs <= 0) return { type: 'invalid-rtt', rttMs }
    const first = this.rtt.smoothed === undefined
    this.rtt.update(rttMs * MICROS_PER_MILLI)
    this.rttTrend.update(rttMs * MICROS_PER_MILLI)
    return { type: 'rtt-sample', rttMs, first }
  }

  #updateLoss(report: ReceiverReport, previous: ReceiverReport): void {
    const expected = Number(report.highestCounter - previous.highestCounter)
    if (expected === 0) return
    const arrived = Number(report.cumulativePacketsReceived - previous.cumulativePacketsReceived)
    this.#deliveryForward = ratio(arrived, expected)
    this.lossTrend.update(this.lossRate)
    this.#updateEtx()
  }

  #updateEtx(): void {
    this.#etx = etxOf(this.#deliveryForward, this.#deliveryReverse)
    this.etxTrend.update(this.#etx)
  }

  #updateGoodput(report: ReceiverReport, previous: ReceiverReport, elapsed: Millis): void {
    const bytes = Number(report.cumulativeBytesReceived - previous.cumulativeBytesReceived)
    this.goodputTrend.update(bytes)
    if (elapsed <= 0) return
    const rate = (bytes * MILLIS_PER_SECOND) / elapsed
    this.#goodput = this.#goodput === 0 ? rate : this.#goodput + GOODPUT_WEIGHT * (rate - this.#goodput)
  }
}

/** No counter goes back and at least one goes on. */
function isNewer(report: ReceiverReport, previous: ReceiverReport): boolean {
  const goesBack =
    report.highestCounter < previous.highestCounter ||
    report.cumulativePacketsReceived < previous.cumulativePacketsReceived ||
    report.cumulativeBytesReceived < previous.cumulativeBytesReceived ||
    report.ecnCeCount < previous.ecnCeCount ||
    report.cumulativeReorderCount < previous.cumulativeReorderCount
  return (
    !goesBack &&
    (report.highestCounter > previous.highestCounter ||
      report.cumulativePacketsReceived > previous.cumulativePacketsReceived ||
      report.cumulativeBytesReceived > previous.cumulativeBytesReceived ||
      report.ecnCeCount > previous.ecnCeCount ||
      report.cumulativeReorderCount > previous.cumulativeReorderCount)
  )
}

function ratio(arrived: number, expected: number): number {
  return Math.max(0, Math.min(1, arrived / expected))
}
