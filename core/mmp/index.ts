export { DelayTrend, DualEwma, etxOf, JitterEstimator, RttEstimator, SpinBit } from './estimators.ts'
export {
  COST_RTT,
  DELAY_TREND_WINDOW,
  LINK_PACING,
  MAX_ETX,
  MIN_ACTIONABLE_PATH_MTU,
  SESSION_PACING,
} from './limits.ts'
export type { ReportPacing } from './limits.ts'
export { LossBursts } from './loss-bursts.ts'
export type { BurstSummary } from './loss-bursts.ts'
export { Measurement } from './measurement.ts'
export type { MeasurementOptions, ReportMode } from './measurement.ts'
export { LinkMetrics } from './metrics.ts'
export type { ReportOutcome } from './metrics.ts'
export { ReportPacer } from './pacer.ts'
export { PathMtuState } from './path-mtu.ts'
export { ReceiverState } from './receiver.ts'
export type { ReceivedFrame } from './receiver.ts'
export { SenderState } from './sender.ts'
export {
  decodeLinkReceiverReport,
  decodeLinkSenderReport,
  decodeSessionReceiverReport,
  decodeSessionSenderReport,
  encodeLinkReceiverReport,
  encodeLinkSenderReport,
  withoutDoubledType,
  encodeSessionReceiverReport,
  encodeSessionSenderReport,
  LINK_RECEIVER_REPORT_SIZE,
  LINK_SENDER_REPORT_SIZE,
  RECEIVER_REPORT_TYPE,
  SENDER_REPORT_TYPE,
  SESSION_RECEIVER_REPORT_SIZE,
  SESSION_SENDER_REPORT_SIZE,
} from './wire.ts'
export type { ReceiverReport, ReportRejection, SenderReport } from './wire.ts'
