/** IPv6 as the node's own host sees it. */
export { fillChecksum, payloadChecksum } from './checksum.ts'
export { ErrorLimit } from './error-limit.ts'
export {
  destinationOf,
  formatIpv6,
  hopLimit,
  IPV6_HEADER,
  IPV6_MIN_MTU,
  isIpv6Packet,
  newPacket,
  NEXT_ICMPV6,
  NEXT_TCP,
  NEXT_UDP,
  nextHeader,
  parseIpv6,
  sourceOf,
} from './header.ts'
export { HostEdge, type EdgeDrop, type EdgeVerdict, type HostEdgeOptions } from './host-edge.ts'
export {
  echoReply,
  echoRequest,
  mayAnswerWithError,
  packetTooBig,
  readIcmp,
  unreachable,
  UNREACHABLE,
  type Echo,
  type IcmpMessage,
  type UnreachableCode,
} from './icmpv6.ts'
export { clampMss, FIPS_IPV6_OVERHEAD, ipv6MtuOf, mssLimit, mssOf } from './mss.ts'
