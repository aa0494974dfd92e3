export {
  DATAGRAM_HEADER_SIZE,
  PATH_MTU_UNSET,
  decodeSessionDatagram,
  encodeSessionDatagram,
  rewriteHop,
  type SessionDatagram,
} from './datagram.ts'
export {
  encodeSessionHandshake,
  type SessionAck,
  type SessionHandshake,
  type SessionMsg3,
  type SessionSetup,
} from './handshake.ts'
export {
  PORT_HEADER_SIZE,
  PORT_IPV6,
  SESSION_MESSAGE_TYPES,
  decodeSessionMessage,
  encodeData,
  encodePathMtu,
  type SessionMessage,
  type SessionMessageRejection,
} from './messages.ts'
export { FSP_PREFIX_SIZE, FSP_VERSION } from './prefix.ts'
export {
  IPV6_HEADER_SIZE,
  IPV6_OVERHEAD,
  SESSION_OVERHEAD,
  compressIpv6,
  decompressIpv6,
  markCongestion,
  type ShimRejection,
} from './shim.ts'
export {
  SIGNAL_TYPES,
  decodeSignal,
  encodeSignal,
  type CoordsRequired,
  type ErrorSignal,
  type MtuExceeded,
  type PathBroken,
  type SignalRejection,
} from './signals.ts'
export {
  SESSION_HEADER_SIZE,
  SESSION_INNER_HEADER_SIZE,
  carriesCoordinates,
  decodeSessionPayload,
  decodeSessionPlaintext,
  openSession,
  sealSession,
  sealedPayloadSize,
  type CarriedCoordinates,
  type OpenedPayload,
  type OutgoingPayload,
  type PayloadRejection,
  type SealedPayload,
  type SessionPayload,
} from './wire.ts'
