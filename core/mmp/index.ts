export {
  decodeLinkReceiverReport,
  decodeLinkSenderReport,
  decodeSessionReceiverReport,
  decodeSessionSenderReport,
  encodeLinkReceiverReport,
  encodeLinkSenderReport,
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
