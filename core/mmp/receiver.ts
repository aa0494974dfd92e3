/** What arrives: counts, losses, jitter and delay of the frames of one link or session, and the reports about them. */
import type { Millis } from '../time.ts'
import { DelayTrend, JitterEstimator } from './estimators.ts'
import { LossBursts } from './loss-bursts.ts'
import type { ReportPacing } from './limits.ts'
import { DELAY_TREND_WINDOW, LINK_PACING, RECEIVER_REPORT_RTTS, REKEY_JITTER_GRACE } from './limits.ts'
import { ReportPacer } from './pacer.ts'
import { SteadyLoss } from './steady-loss.ts'
import type { ReceiverReport } from './wire.ts'

/** A frame as it arrived, authenticated and not a replay. */
export interface ReceivedFrame {
  /** Exact below 2^53, which no sender reaches in a life of its keys. */
  readonly counter: number
  /** Low 32 bits of the sender's session clock, ms. */
  readonly timestamp: number
  /** Bytes on the wire. */
  readonly bytes: number
  /** The congestion flag was set. */
  readonly ce: boolean
}

/** A frame that comes so long after the next one is a rare thing. */
const OVERTAKEN_MS: Millis = 100
const MAX_U16 = 0xffff
const MAX_U32 = 0xffffffff
const MICROS_PER_MILLI = 1000

export class ReceiverState {
  readonly pacer: ReportPacer
  readonly #delayTrend: DelayTrend
  readonly #steadyLoss = new SteadyLoss()
  #guessedLoss = 0
  #jitter = new JitterEstimator()
  #bursts = new LossBursts()
  #packets = 0
  #bytes = 0
  #reordered = 0
  #highestCounter = 0
  #intervalPackets = 0
  #intervalBytes = 0
  #ceCount = 0
  #lastTimestamp = 0
  #lastAt: Millis | undefined
  #jitterFrom: Millis | undefined

  /** `delayWindow`: samples that the delay trend is computed over. */
  constructor(pacing: ReportPacing = LINK_PACING, delayWindow: number = DELAY_TREND_WINDOW) {
    this.pacer = new ReportPacer(pacing, RECEIVER_REPORT_RTTS)
    this.#delayTrend = new DelayTrend(delayWindow)
  }

  /** Frames received since the start, across rekeys. */
  get packets(): number {
    return this.#packets
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Highest counter received under the present keys. */
  get highestCounter(): bigint {
    return BigInt(this.#highestCounter)
  }

  /** µs. */
  get jitter(): number {
    return this.#jitter.value
  }

  /** Frames with the congestion flag since the last rekey. */
  get ceCount(): number {
    return this.#ceCount
  }

  /** Share of the peer's frames that the link loses in the long run, 0..1: what the peer knows by our reports. Undefined at first. */
  get steadyLossRate(): number | undefined {
    return this.#steadyLoss.rate
  }

  /** The same, or what the first frames make one guess. */
  get likelyLossRate(): number {
    return this.#steadyLoss.rate ?? this.#guessedLoss
  }

  get lastReceivedAt(): Millis | undefined {
    return this.#lastAt
  }

  record({ counter, timestamp, bytes, ce }: ReceivedFrame, now: Millis): void {
    this.recordFrame(counter, timestamp, bytes, ce, now)
  }

  /** `record` without an object, for the data path. */
  recordFrame(counter: number, timestamp: number, bytes: number, ce: boolean, now: Millis): void {
    if (
      this.#lastAt !== undefined &&
      now - this.#lastAt > OVERTAKEN_MS &&
      this.#steadyLoss.rate === undefined
    )
      this.#guessedLoss = this.#steadyLoss.guess(this.#highestCounter, this.#packets)
    this.#packets++
    this.#bytes += bytes
    this.#intervalPackets++
    this.#intervalBytes = Math.min(MAX_U32, this.#intervalBytes + bytes)
    if (counter < this.#highestCounter) this.#reordered++
    else this.#highestCounter = counter
    this.#bursts.observe(counter)
    if (ce) this.#ceCount++
    this.#recordTiming(timestamp, now)
  }

  /** Something arrived since the last report and the interval has passed. */
  isReportDue(now: Millis): boolean {
    return this.#intervalPackets > 0 && this.pacer.isDue(now)
  }

  /** When the next report is due; undefined while there is nothing to report. */
  deadline(): Millis | undefined {
    return this.#intervalPackets > 0 ? this.pacer.dueAt() : undefined
  }

  /** The report for the interval that ends now; undefined when nothing arrived in it. */
  report(now: Millis): ReceiverReport | undefined {
    if (this.#intervalPackets === 0 || this.#lastAt === undefined) return undefined
    const dwell = Math.max(0, Math.floor(now - this.#lastAt))
    const bursts = this.#bursts.take()
    const report: ReceiverReport = {
      highestCounter: BigInt(this.#highestCounter),
      cumulativePacketsReceived: BigInt(this.#packets),
      cumulativeBytesReceived: BigInt(this.#bytes),
      // A dwell that does not fit its field makes the echo useless: the reader would compute a wrong round trip.
      timestampEcho: dwell > MAX_U16 ? 0 : this.#lastTimestamp,
      dwellTime: Math.min(dwell, MAX_U16),
      maxBurstLoss: bursts.longest,
      meanBurstLoss: bursts.mean,
      jitter: this.#jitter.value,
      ecnCeCount: this.#ceCount,
      owdTrend: this.#delayTrend.slope,
      burstLossCount: bursts.count,
      cumulativeReorderCount: this.#reordered,
      intervalPacketsReceived: this.#intervalPackets,
      intervalBytesReceived: this.#intervalBytes,
    }
    this.#intervalPackets = 0
    this.#intervalBytes = 0
    this.#steadyLoss.update(this.#highestCounter, this.#packets)
    this.pacer.reported(now)
    return report
  }

  /** New keys: counters and the sender's clock start again, totals and pacing go on. */
  rekeyed(now: Millis): void {
    this.#highestCounter = 0
    this.#reordered = 0
    this.#bursts = new LossBursts()
    this.#steadyLoss.rekeyed()
    this.#intervalPackets = 0
    this.#intervalBytes = 0
    this.#jitter = new JitterEstimator()
    this.#delayTrend.clear()
    this.#lastAt = undefined
    this.#jitterFrom = now + REKEY_JITTER_GRACE
    this.#ceCount = 0
  }

  #recordTiming(timestamp: number, now: Millis): void {
    const lastAt = this.#lastAt
    const arrivalDelta = lastAt === undefined ? 0 : Math.max(0, now - lastAt) * MICROS_PER_MILLI
    const inGrace = this.#jitterFrom !== undefined && now < this.#jitterFrom
    if (lastAt !== undefined && !inGrace) {
      const sendDelta = (timestamp - this.#lastTimestamp) * MICROS_PER_MILLI
      this.#jitter.update((arrivalDelta - sendDelta) | 0)
    }
    // The reference's definition of the delay, which is none: kept because the field is its.
    this.#delayTrend.push(arrivalDelta - timestamp * MICROS_PER_MILLI)
    this.#lastTimestamp = timestamp
    this.#lastAt = now
  }
}
