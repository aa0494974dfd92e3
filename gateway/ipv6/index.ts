/** IPv6 as the node's own host sees it. */
export { fillChecksum, payloadChecksum } from './checksum.ts'
export { ErrorLimit } from './error-limit.ts'
export {
  formatIpv6,
  IPV6_HEADER,
  IPV6_MIN_MTU,
  newPacket,
  NEXT_HEADER_AT,
  NEXT_ICMPV6,
  NEXT_TCP,
  NEXT_UDP,
  parseIpv6,
  PAYLOAD_LENGTH_AT,
  SOURCE_AT,
} from './header.ts'
export { HostEdge } from './host-edge.ts'
export {
  echoReply,
  echoRequest,
  mayAnswerWithError,
  packetTooBig,
  readIcmp,
  unreachable,
  UNREACHABLE,
} from './icmpv6.ts'
export { clampMss, mssLimit, mssOf } from './mss.ts'
export { isPlainFromHost, isPlainFromMesh } from './plain.ts'
