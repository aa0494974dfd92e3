/**
 * The IPv6 shim (port 256): packets of the mesh travel without what the session already says, their addresses and
 * length. 40 bytes of IPv6 header become 7.
 */
import { reject, accept, type Result } from '../result.ts'
import { DATAGRAM_HEADER_SIZE } from './datagram.ts'
import { LINK_OVERHEAD } from '../fmp/index.ts'
import { PORT_HEADER_SIZE } from './messages.ts'
import { sealedPayloadSize } from './wire.ts'

export const IPV6_HEADER_SIZE = 40
const ADDRESS_SIZE = 16

const FORMAT_COMPRESSED = 0x00
/** Format, version with traffic class and flow label, next header, hop limit. */
export const SHIM_HEADER_SIZE: number = 1 + 4 + 1 + 1

const LENGTH_AT = 4
const NEXT_HEADER_AT = 6
const HOP_LIMIT_AT = 7
const SOURCE_AT = 8
const DESTINATION_AT = SOURCE_AT + ADDRESS_SIZE

/** Bytes that link, datagram and session add to the body of a session message. */
export const SESSION_OVERHEAD: number = LINK_OVERHEAD + DATAGRAM_HEADER_SIZE + sealedPayloadSize(0)
/** Bytes that the whole stack adds to an IPv6 packet. */
export const IPV6_OVERHEAD: number = SESSION_OVERHEAD + PORT_HEADER_SIZE + SHIM_HEADER_SIZE - IPV6_HEADER_SIZE

/** Bytes `compressIpv6` makes of a packet. */
export function compressedSize(packetLength: number): number {
  return SHIM_HEADER_SIZE + packetLength - IPV6_HEADER_SIZE
}

export type ShimRejection = 'too-short' | 'too-long' | 'not-ipv6' | 'unknown-format'

/** `0x00 | version, traffic class, flow label 4 | next header 1 | hop limit 1 | upper layer` of an IPv6 packet. */
export function compressIpv6(packet: Uint8Array): Result<Uint8Array, ShimRejection> {
  if (packet.length < IPV6_HEADER_SIZE) return reject('too-short', IPV6_HEADER_SIZE, packet.length)
  if (packet[0]! >> 4 !== 6) return reject('not-ipv6', 6, packet[0]! >> 4)
  const shim = new Uint8Array(compressedSize(packet.length))
  shim[0] = FORMAT_COMPRESSED
  shim.set(packet.subarray(0, LENGTH_AT), 1)
  shim[5] = packet[NEXT_HEADER_AT]!
  shim[6] = packet[HOP_LIMIT_AT]!
  shim.set(packet.subarray(IPV6_HEADER_SIZE), SHIM_HEADER_SIZE)
  return accept(shim)
}

/** The packet between two mesh addresses (16 bytes each) that `compressIpv6` was given. */
export function decompressIpv6(
  shim: Uint8Array,
  source: Uint8Array,
  destination: Uint8Array,
): Result<Uint8Array, ShimRejection> {
  if (shim.length < SHIM_HEADER_SIZE) return reject('too-short', SHIM_HEADER_SIZE, shim.length)
  if (shim[0] !== FORMAT_COMPRESSED) return reject('unknown-format', FORMAT_COMPRESSED, shim[0])
  const upperLength = shim.length - SHIM_HEADER_SIZE
  if (upperLength > 0xffff) return reject('too-long', 0xffff, upperLength)
  const packet = new Uint8Array(IPV6_HEADER_SIZE + upperLength)
  packet.set(shim.subarray(1, 1 + LENGTH_AT))
  packet[0] = 0x60 | (packet[0]! & 0x0f)
  packet[LENGTH_AT] = upperLength >> 8
  packet[LENGTH_AT + 1] = upperLength
  packet[NEXT_HEADER_AT] = shim[5]!
  packet[HOP_LIMIT_AT] = shim[6]!
  packet.set(source, SOURCE_AT)
  packet.set(destination, DESTINATION_AT)
  packet.set(shim.subarray(SHIM_HEADER_SIZE), IPV6_HEADER_SIZE)
  return accept(packet)
}

/** ECN is the low two bits of the traffic class: bits 5 and 4 of the second byte. */
const ECN_MASK = 0x30

/**
 * Marks an IPv6 packet, in place, as having met congestion. False when its sender does not understand the mark (or it
 * is no IPv6 packet); true also when it was marked already.
 */
export function markCongestion(packet: Uint8Array): boolean {
  if (packet.length < IPV6_HEADER_SIZE || packet[0]! >> 4 !== 6) return false
  const second = packet[1]!
  if ((second & ECN_MASK) === 0) return false
  packet[1] = second | ECN_MASK
  return true
}
