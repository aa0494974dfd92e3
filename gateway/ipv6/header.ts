/**
 * The fixed IPv6 header, by offset.
 *
 *   version:4 class:8 flow:20 | payload length u16 | next header u8 | hop limit u8 | source 16 | destination 16
 */
import { isIPv6 } from 'node:net'

export const IPV6_HEADER = 40
/** Every IPv6 path carries packets of this size. */
export const IPV6_MIN_MTU = 1280
export const IPV6_ADDRESS = 16

export const NEXT_TCP = 6
export const NEXT_UDP = 17
export const NEXT_ICMPV6 = 58

export const PAYLOAD_LENGTH_AT = 4
export const NEXT_HEADER_AT = 6
export const HOP_LIMIT_AT = 7
export const SOURCE_AT = 8
export const DESTINATION_AT = 24
const DEFAULT_HOP_LIMIT = 64
const MULTICAST = 0xff

/** Whole header, version 6, and a length that the packet really has. */
export function isIpv6Packet(packet: Uint8Array): boolean {
  return (
    packet.length >= IPV6_HEADER &&
    (packet[0] ?? 0) >>> 4 === 6 &&
    packet.length === IPV6_HEADER + payloadLength(packet)
  )
}

export function payloadLength(packet: Uint8Array): number {
  return ((packet[PAYLOAD_LENGTH_AT] ?? 0) << 8) | (packet[PAYLOAD_LENGTH_AT + 1] ?? 0)
}

export function nextHeader(packet: Uint8Array): number {
  return packet[NEXT_HEADER_AT] ?? 0
}

export function hopLimit(packet: Uint8Array): number {
  return packet[HOP_LIMIT_AT] ?? 0
}

/** A view of the 16 bytes. */
export function sourceOf(packet: Uint8Array): Uint8Array {
  return packet.subarray(SOURCE_AT, DESTINATION_AT)
}

/** A view of the 16 bytes. */
export function destinationOf(packet: Uint8Array): Uint8Array {
  return packet.subarray(DESTINATION_AT, IPV6_HEADER)
}

export function isMulticast(address: Uint8Array): boolean {
  return address[0] === MULTICAST
}

export function isUnspecified(address: Uint8Array): boolean {
  return address.every((byte) => byte === 0)
}

/** A packet with its header filled in and `payloadBytes` zero bytes behind it. */
export function newPacket(
  source: Uint8Array,
  destination: Uint8Array,
  next: number,
  payloadBytes: number,
): Uint8Array {
  const packet = new Uint8Array(IPV6_HEADER + payloadBytes)
  packet[0] = 0x60
  packet[PAYLOAD_LENGTH_AT] = payloadBytes >>> 8
  packet[PAYLOAD_LENGTH_AT + 1] = payloadBytes & 0xff
  packet[NEXT_HEADER_AT] = next
  packet[HOP_LIMIT_AT] = DEFAULT_HOP_LIMIT
  packet.set(source, SOURCE_AT)
  packet.set(destination, DESTINATION_AT)
  return packet
}

/** `fd00:0:…` in the short form of RFC 5952. Throws a `RangeError` unless given 16 bytes. */
export function formatIpv6(address: Uint8Array): string {
  if (address.length !== IPV6_ADDRESS) throw new RangeError('an IPv6 address has 16 bytes')
  const groups = Array.from({ length: 8 }, (_, i) => ((address[2 * i] ?? 0) << 8) | (address[2 * i + 1] ?? 0))
  let best = { at: 0, length: 1 }
  for (let at = 0, run = 0; at < 8; at++) {
    run = groups[at] === 0 ? run + 1 : 0
    if (run > best.length) best = { at: at - run + 1, length: run }
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
  if (best.length < 2) return text(groups)
  return `${text(groups.slice(0, best.at))}::${text(groups.slice(best.at + best.length))}`
}

/** The 16 bytes of an address in any IPv6 notation without zone or embedded IPv4; undefined for anything else. */
export function parseIpv6(text: string): Uint8Array | undefined {
  if (!isIPv6(text) || text.includes('.') || text.includes('%')) return undefined
  const [head = '', tail] = text.split('::')
  const groups = (part: string | undefined): string[] =>
    part === undefined || part === '' ? [] : part.split(':')
  const left = groups(head)
  const right = groups(tail)
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  const values = [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16))
  return Uint8Array.from(values.flatMap((value) => [value >>> 8, value & 0xff]))
}
