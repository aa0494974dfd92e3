/** What a session measures of its path: reports either way, the spin bit, the path MTU. */
import { encodePathMtu, SESSION_MESSAGE_TYPES } from '../fsp/index.ts'
import {
  encodeSessionReceiverReport,
  encodeSessionSenderReport,
  Measurement,
  MIN_ACTIONABLE_PATH_MTU,
  PathMtuState,
  type ReceiverReport,
  type ReportOutcome,
} from '../mmp/index.ts'
import type { MmpConfig } from '../node/config.ts'
import type { SessionMetricsView } from '../node/views.ts'
import type { Millis } from '../time.ts'

/** `PathMtuState` has this while nothing is known. */
const UNKNOWN_PATH_MTU = 0xffff

/**
 * Reports are answered with reports, as every frame is. So ours grow ever rarer when they serve nobody: because the peer
 * never answers (it measures nothing, or sits behind a radio), or because no data has passed. After so many the wait
 * doubles with each.
 */
const PATIENT_REPORTS = 4
const FIRST_HOLD_MS: Millis = 2000
const LONGEST_HOLD_MS: Millis = 300_000

/** A message of the measurement, ready to be sealed. */
export interface DueReport {
  readonly type: number
  readonly body: Uint8Array
}

export interface FrameArrival {
  readonly counter: number
  readonly timestamp: number
  /** Bytes of the opened frame. */
  readonly size: number
  readonly congested: boolean
  readonly spin: boolean
  /** Smallest link MTU the datagram met. */
  readonly pathMtu: number
}

export class SessionMeasurement {
  readonly #measurement: Measurement
  readonly #pathMtu = new PathMtuState()
  /** Times we reported since the peer last did, and since data last passed either way. */
  #unanswered = 0
  #idle = 0
  #heldUntil: Millis = -Infinity
  readonly #reports = {
    seen: 0,
    rttSamples: 0,
    rttZero: 0,
    rttInvalid: 0,
    lastRttMs: undefined as number | undefined,
  }

  constructor({ mode, owdWindowSize }: MmpConfig, initiator: boolean) {
    this.#measurement = new Measurement({ layer: 'session', mode, initiator, delayWindow: owdWindowSize })
  }

  /** The spin bit of the next frame. */
  get spin(): boolean {
    return this.#measurement.spin.value
  }

  /** Largest frame that gets to the peer, as it or a router told us; undefined while nobody has. */
  get pathMtu(): number | undefined {
    const { current } = this.#pathMtu
    return current === UNKNOWN_PATH_MTU ? undefined : current
  }

  /** Smoothed round trip in ms; undefined until measured. */
  get roundTripMs(): number | undefined {
    return this.#measurement.metrics.rttMs
  }

  sent(counter: number, timestamp: number, size: number): void {
    this.#measurement.sender.record(counter, timestamp, size)
  }

  received(arrival: FrameArrival, now: Millis): void {
    const { counter, timestamp, size, congested, spin, pathMtu } = arrival
    this.receivedFrame(counter, timestamp, size, congested, spin, pathMtu, now)
  }

  /** `received` without an object, for the data path. */
  receivedFrame(
    counter: number,
    timestamp: number,
    size: number,
    congested: boolean,
    spin: boolean,
    pathMtu: number,
    now: Millis,
  ): void {
    this.#measurement.receiver.recordFrame(counter, timestamp, size, congested, now)
    this.#measurement.spin.observe(spin, counter, now)
    this.#pathMtu.observe(pathMtu)
  }

  /** Data passes, either way: ask before it is counted. True when it makes a report due that was not before. */
  used(): boolean {
    const isNews = this.deadline() === Infinity
    const wasIdle = this.#idle >= PATIENT_REPORTS
    this.#idle = 0
    if (!wasIdle || this.#unanswered >= PATIENT_REPORTS) return isNews
    this.#heldUntil = -Infinity
    return true
  }

  /** The peer's report on our frames; `ourTimestamp` is our session clock now. */
  receiverReport(report: ReceiverReport, ourTimestamp: number, now: Millis): void {
    this.#noteOutcome(this.#measurement.receiverReport(report, ourTimestamp, now))
    this.#unanswered = 0
    if (this.#idle < PATIENT_REPORTS) this.#heldUntil = -Infinity
    const { roundTripMs } = this
    if (roundTripMs !== undefined) this.#pathMtu.updateRtt(roundTripMs)
  }

  /** Somebody says how large frames to the peer may be. False when that is too small to be true. */
  pathMtuReported(pathMtu: number, now: Millis): boolean {
    if (pathMtu < MIN_ACTIONABLE_PATH_MTU) return false
    this.#pathMtu.notified(pathMtu, now)
    return true
  }

  /** The path is another one now. */
  forgetPathMtu(): void {
    this.#pathMtu.reset()
  }

  /** Reports and notifications that are due now. They count as sent. */
  takeDue(now: Millis): readonly DueReport[] {
    const due = now < this.#heldUntil ? [] : this.#takeReports(now)
    const pathMtu = this.#pathMtu.isNotificationDue(now) ? this.#pathMtu.takeNotification(now) : undefined
    if (pathMtu !== undefined)
      due.push({ type: SESSION_MESSAGE_TYPES['path-mtu'], body: encodePathMtu(pathMtu) })
    return due
  }

  /** When `takeDue` has something; Infinity while nothing is to be told. */
  deadline(): Millis {
    const report = Math.max(this.#measurement.deadline() ?? Infinity, this.#heldUntil)
    return Math.min(report, this.#pathMtu.deadline() ?? Infinity)
  }

  /** New keys: counters start again. */
  rekeyed(now: Millis): void {
    this.#measurement.rekeyed(now)
  }

  view(): SessionMetricsView {
    const { metrics, mode } = this.#measurement
    return {
      mode,
      srttMs: metrics.rttMs,
      lossRate: metrics.lossRate,
      smoothedLoss: metrics.lossTrend.long,
      etx: metrics.etx,
      smoothedEtx: metrics.etxTrend.long,
      goodputBps: metrics.goodput,
      deliveryRatioForward: metrics.deliveryForward,
      deliveryRatioReverse: metrics.deliveryReverse,
      cost: metrics.cost ?? metrics.etx,
      pathMtu: this.#pathMtu.current,
      reports: { ...this.#reports },
    }
  }

  #noteOutcome(outcome: ReportOutcome): void {
    if (outcome.type === 'stale') return
    const reports = this.#reports
    reports.seen++
    if (outcome.type === 'rtt-sample') {
      reports.rttSamples++
      reports.lastRttMs = outcome.rttMs
    } else if (outcome.type === 'invalid-rtt') {
      if (outcome.rttMs === 0) reports.rttZero++
      else reports.rttInvalid++
    }
  }

  #takeReports(now: Millis): DueReport[] {
    const due: DueReport[] = []
    const sender = this.#measurement.isSenderReportDue(now) ? this.#measurement.sender.report(now) : undefined
    if (sender !== undefined)
      due.push({ type: SESSION_MESSAGE_TYPES['sender-report'], body: encodeSessionSenderReport(sender) })
    const receiver = this.#measurement.isReceiverReportDue(now)
      ? this.#measurement.receiver.report(now)
      : undefined
    if (receiver !== undefined)
      due.push({
        type: SESSION_MESSAGE_TYPES['receiver-report'],
        body: encodeSessionReceiverReport(receiver),
      })
    if (due.length > 0) this.#holdBack(now)
    return due
  }

  #holdBack(now: Millis): void {
    this.#unanswered++
    this.#idle++
    const doublings = Math.max(this.#unanswered, this.#idle) - PATIENT_REPORTS
    if (doublings >= 0) this.#heldUntil = now + Math.min(FIRST_HOLD_MS * 2 ** doublings, LONGEST_HOLD_MS)
  }
}
