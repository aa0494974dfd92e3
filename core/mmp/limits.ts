/** Constants of the measurement protocol. */
import type { Millis } from '../time.ts'

/** Weights of a new sample in the fast and the slow average. */
export const EWMA_SHORT_WEIGHT = 0.25
export const EWMA_LONG_WEIGHT: number = 1 / 32

/** How often to report: a multiple of the round-trip time within these bounds. */
export interface ReportPacing {
  /** Interval while there is no round-trip time. */
  readonly initial: Millis
  /** Lower bound for the first `coldStartUpdates` updates, so that a new link is measured quickly. */
  readonly coldStartMin: Millis
  readonly coldStartUpdates: number
  readonly min: Millis
  readonly max: Millis
}

export const LINK_PACING: ReportPacing = {
  initial: 200,
  coldStartMin: 200,
  coldStartUpdates: 5,
  min: 1000,
  max: 5000,
}

/** Session reports cross every link of the path, so they are rarer. */
export const SESSION_PACING: ReportPacing = {
  initial: 1000,
  coldStartMin: 500,
  coldStartUpdates: 0,
  min: 500,
  max: 10_000,
}

/** Round-trip times between two reports of a kind. */
export const SENDER_REPORT_RTTS = 2
export const RECEIVER_REPORT_RTTS = 1

/** Frames the delay trend is computed over. */
export const DELAY_TREND_WINDOW = 32

/** After a rekey frames under old and new keys are mixed for this long and would show as jitter. */
export const REKEY_JITTER_GRACE: Millis = 15_000

/** ETX of a link that delivers nothing. */
export const MAX_ETX = 100

/** Round-trip time that doubles the cost of a link. */
export const COST_RTT: Millis = 100

/** Smaller path MTUs reported to us are ignored: acting on them would let anybody on the path strangle a session. */
export const MIN_ACTIONABLE_PATH_MTU = 256

/** Between two path MTU notifications that report no decrease. */
export const PATH_MTU_NOTIFICATION_INTERVAL: Millis = 10_000

/** A slow path is given this many round-trip times between notifications. */
export const PATH_MTU_NOTIFICATION_RTTS = 5

/** Equal notifications in a row before a larger path MTU is believed, and the intervals they must span. */
export const PATH_MTU_INCREASE_CONFIRMATIONS = 3
export const PATH_MTU_INCREASE_INTERVALS = 2

/** Failed report sends in a row after which the interval grows no further: it is then 2^5 times as long. */
export const MAX_SEND_BACKOFF_DOUBLINGS = 5
