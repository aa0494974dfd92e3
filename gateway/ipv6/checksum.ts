/** The Internet checksum of what an IPv6 packet carries, with the pseudo-header of RFC 8200. */
import { IPV6_HEADER, nextHeader } from './header.ts'

const SOURCE_AT = 8

/**
 * Sum over pseudo-header and payload of a packet without extension headers, complemented: what belongs in the
 * checksum field when that field holds zero, and zero when the field is right.
 */
export function payloadChecksum(packet: Uint8Array): number {
  let sum = nextHeader(packet) + packet.length - IPV6_HEADER
  for (let at = SOURCE_AT; at < packet.length; at += 2)
    sum += ((packet[at] ?? 0) << 8) | (packet[at + 1] ?? 0)
  // Below 2^32 for any packet length, so folding twice is enough.
  sum = (sum & 0xffff) + (sum >>> 16)
  sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** Writes the checksum at `offset` of the packet. */
export function fillChecksum(packet: Uint8Array, offset: number): void {
  packet[offset] = 0
  packet[offset + 1] = 0
  const sum = payloadChecksum(packet)
  packet[offset] = sum >>> 8
  packet[offset + 1] = sum & 0xff
}
