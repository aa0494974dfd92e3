/**
 * TCP's segment size over the mesh: connections learn at the SYN what fits, since an ICMPv6 answer may come too late
 * or be ignored.
 */
import { fillChecksum } from './checksum.ts'
import { IPV6_HEADER, IPV6_MIN_MTU, isIpv6Packet, NEXT_TCP, nextHeader } from './header.ts'

/** What FMP, FSP and the IPv6 shim add to an IPv6 packet on the wire, less what the shim takes away. */
export const FIPS_IPV6_OVERHEAD = 77

const TCP_HEADER = 20
export const TCP_FLAGS_AT: number = IPV6_HEADER + 13
const OFFSET_AT: number = IPV6_HEADER + 12
const CHECKSUM_AT: number = IPV6_HEADER + 16
const OPTIONS_AT: number = IPV6_HEADER + TCP_HEADER
export const FLAG_SYN = 0x02
const OPTION_END = 0
const OPTION_NOP = 1
const OPTION_MSS = 2
const OPTION_MSS_LENGTH = 4

/** Largest IPv6 packet that fits FMP frames of `pathMtu` bytes. */
export function ipv6MtuOf(pathMtu: number): number {
  return Math.max(0, pathMtu - FIPS_IPV6_OVERHEAD)
}

/** Largest TCP segment that fits FMP frames of `pathMtu` bytes; 0 when none does. */
export function mssOf(pathMtu: number): number {
  return Math.max(0, ipv6MtuOf(pathMtu) - IPV6_HEADER - TCP_HEADER)
}

/**
 * The limit for one destination: what its path is known to carry, and before that no more than any IPv6 path does.
 * `linkMtu` is the smallest of our own transports, in bytes of FMP frame.
 */
export function mssLimit(linkMtu: number, pathMtu: number | undefined): number {
  return Math.min(mssOf(linkMtu), mssOf(pathMtu ?? IPV6_MIN_MTU) || mssOf(IPV6_MIN_MTU))
}

/** Does the packet open a TCP connection, either way? Only then is the limit worth finding. */
export function isTcpSyn(packet: Uint8Array): boolean {
  return (
    nextHeader(packet) === NEXT_TCP &&
    packet.length >= OPTIONS_AT &&
    ((packet[TCP_FLAGS_AT] ?? 0) & FLAG_SYN) !== 0
  )
}

/** Lowers the MSS option of a SYN to `limit`, in place, with its checksum. True when it changed the packet. */
export function clampMss(packet: Uint8Array, limit: number): boolean {
  if (limit <= 0 || !isIpv6Packet(packet) || !isTcpSyn(packet)) return false
  const at = mssOption(packet, IPV6_HEADER + ((packet[OFFSET_AT] ?? 0) >>> 4) * 4)
  if (at === undefined) return false
  const mss = ((packet[at] ?? 0) << 8) | (packet[at + 1] ?? 0)
  if (mss <= limit) return false
  packet[at] = limit >>> 8
  packet[at + 1] = limit & 0xff
  fillChecksum(packet, CHECKSUM_AT)
  return true
}

/** Where the value of the MSS option stands, among options that end at `end`. */
function mssOption(packet: Uint8Array, end: number): number | undefined {
  if (end > packet.length) return undefined
  for (let at = OPTIONS_AT; at < end;) {
    const kind = packet[at]
    if (kind === OPTION_END) return undefined
    if (kind === OPTION_NOP) {
      at++
      continue
    }
    const length = at + 1 < end ? (packet[at + 1] ?? 0) : 0
    if (length < 2 || at + length > end) return undefined
    if (kind === OPTION_MSS && length === OPTION_MSS_LENGTH) return at + 2
    at += length
  }
  return undefined
}
