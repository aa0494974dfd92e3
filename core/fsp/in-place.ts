/**
 * Session traffic in place, by offsets, for the data path. The layouts are those of `datagram.ts`, `wire.ts` and `shim.ts`,
 * one in the other, as IPv6 traffic has them:
 *
 *   datagram   type 1 | ttl 1 | path mtu 2 | source 16 | destination 16
 *   payload    version and phase 1 | flags 1 | length 2 | counter 8
 *   sealed     timestamp 4 | message type 1 | flags 1
 *   data       source port 2 | destination port 2
 *   shim       0x00 | version, traffic class, flow label 4 | next header 1 | hop limit 1 | upper layer | tag 16
 */
import { putU16, putU32, u32At } from '../bytes.ts'
import { NODE_ADDR_SIZE } from '../coordinates.ts'
import { TAG_SIZE, type Cipher } from '../crypto/index.ts'
import { LINK_MESSAGE_TYPES } from '../fmp/index.ts'
import { DATAGRAM_HEADER_SIZE } from './datagram.ts'
import { PORT_HEADER_SIZE, PORT_IPV6, SESSION_MESSAGE_TYPES } from './messages.ts'
import { FLAG_COORDINATES, FLAG_KEY_EPOCH, FLAG_PLAINTEXT } from './prefix.ts'
import { IPV6_HEADER_SIZE, SHIM_HEADER_SIZE } from './shim.ts'
import { SESSION_HEADER_SIZE, SESSION_INNER_HEADER_SIZE } from './wire.ts'

const TTL_AT = 1
const PATH_MTU_AT = 2
export const DATAGRAM_SOURCE_AT = 4
export const DATAGRAM_DESTINATION_AT: number = DATAGRAM_SOURCE_AT + NODE_ADDR_SIZE
const FLAGS_AT = 1
const LENGTH_AT = 2
const COUNTER_AT = 4
const TWO_TO_32: number = 2 ** 32
const INNER_SPIN = 0x01
const IPV6_VERSION = 0x60

/** From the start of what is sealed to the upper layer of an IPv6 packet. */
const UPPER_AT: number = SESSION_INNER_HEADER_SIZE + PORT_HEADER_SIZE + SHIM_HEADER_SIZE
/** From the start of a datagram to the upper layer of the IPv6 packet in it. */
export const DATAGRAM_UPPER_AT: number = DATAGRAM_HEADER_SIZE + SESSION_HEADER_SIZE + UPPER_AT

/** Whether a link message is a datagram of sealed session traffic without coordinates: what the data path carries. */
export function isPlainTraffic(bytes: Uint8Array, at: number, length: number): boolean {
  const payload = at + DATAGRAM_HEADER_SIZE
  return (
    bytes[at] === LINK_MESSAGE_TYPES['session-datagram'] &&
    length >= DATAGRAM_HEADER_SIZE + SESSION_HEADER_SIZE + TAG_SIZE &&
    bytes[payload] === 0 &&
    (bytes[payload + FLAGS_AT]! & (FLAG_COORDINATES | FLAG_PLAINTEXT)) === 0
  )
}

export function ttlAt(bytes: Uint8Array, at: number): number {
  return bytes[at + TTL_AT]!
}

export function pathMtuAt(bytes: Uint8Array, at: number): number {
  return bytes[at + PATH_MTU_AT]! | (bytes[at + PATH_MTU_AT + 1]! << 8)
}

/** Writes the header of a datagram that begins here; the addresses are 16 bytes each. */
export function writeDatagramAt(
  bytes: Uint8Array,
  at: number,
  ttl: number,
  pathMtu: number,
  source: Uint8Array,
  destination: Uint8Array,
): void {
  bytes[at] = LINK_MESSAGE_TYPES['session-datagram']
  bytes[at + TTL_AT] = ttl
  putU16(bytes, at + PATH_MTU_AT, pathMtu)
  bytes.set(source, at + DATAGRAM_SOURCE_AT)
  bytes.set(destination, at + DATAGRAM_DESTINATION_AT)
}

/** Writes what a transit node changes. */
export function rewriteHopAt(bytes: Uint8Array, at: number, ttl: number, pathMtu: number): void {
  bytes[at + TTL_AT] = ttl
  putU16(bytes, at + PATH_MTU_AT, pathMtu)
}

export function hasKeyEpochAt(bytes: Uint8Array, payloadAt: number): boolean {
  return (bytes[payloadAt + FLAGS_AT]! & FLAG_KEY_EPOCH) !== 0
}

export function sessionCounterLowAt(bytes: Uint8Array, payloadAt: number): number {
  return u32At(bytes, payloadAt + COUNTER_AT)
}

export function sessionCounterHighAt(bytes: Uint8Array, payloadAt: number): number {
  return u32At(bytes, payloadAt + COUNTER_AT + 4)
}

/** Opens a payload without coordinates of `length` bytes; what was sealed comes to lie at `outAt`. */
export function openSessionAt(
  cipher: Cipher,
  counter: number,
  bytes: Uint8Array,
  payloadAt: number,
  length: number,
  output: Uint8Array,
  outAt: number,
): boolean {
  const sealedAt = payloadAt + SESSION_HEADER_SIZE
  const sealedLength = length - SESSION_HEADER_SIZE
  return cipher.openAt(counter, bytes, payloadAt, SESSION_HEADER_SIZE, sealedAt, sealedLength, output, outAt)
}

/** Whether what was sealed is a compressed IPv6 packet, `length` bytes with all its headers. */
export function isIpv6Traffic(opened: Uint8Array, at: number, length: number): boolean {
  const ports = at + SESSION_INNER_HEADER_SIZE
  return (
    length >= UPPER_AT &&
    opened[at + 4] === SESSION_MESSAGE_TYPES.data &&
    opened[ports + 2] === (PORT_IPV6 & 0xff) &&
    opened[ports + 3] === PORT_IPV6 >> 8 &&
    opened[ports + PORT_HEADER_SIZE] === 0
  )
}

export function innerTimestampAt(opened: Uint8Array, at: number): number {
  return u32At(opened, at)
}

export function innerSpinAt(opened: Uint8Array, at: number): boolean {
  return (opened[at + 5]! & INNER_SPIN) !== 0
}

/**
 * Writes the IPv6 header over what lies before the upper layer of opened traffic of `length` bytes, from up to 23 bytes before
 * `at`. Returns where the packet begins; it ends where the traffic does.
 */
export function decompressIpv6At(
  opened: Uint8Array,
  at: number,
  length: number,
  source: Uint8Array,
  destination: Uint8Array,
): number {
  const shim = at + SESSION_INNER_HEADER_SIZE + PORT_HEADER_SIZE
  const upperLength = length - UPPER_AT
  const [first, second, third, fourth] = [
    opened[shim + 1]!,
    opened[shim + 2]!,
    opened[shim + 3]!,
    opened[shim + 4]!,
  ]
  const nextHeader = opened[shim + 5]!
  const hopLimit = opened[shim + 6]!
  const packet = at + UPPER_AT - IPV6_HEADER_SIZE
  opened[packet] = IPV6_VERSION | (first & 0x0f)
  opened[packet + 1] = second
  opened[packet + 2] = third
  opened[packet + 3] = fourth
  opened[packet + 4] = upperLength >> 8
  opened[packet + 5] = upperLength
  opened[packet + 6] = nextHeader
  opened[packet + 7] = hopLimit
  opened.set(source, packet + 8)
  opened.set(destination, packet + 24)
  return packet
}

/**
 * Writes an IPv6 packet as sealed traffic behind the datagram header at `at`, and seals it. Returns the length of the
 * datagram.
 */
export function sealIpv6At(
  cipher: Cipher,
  counter: number,
  keyEpoch: boolean,
  timestamp: number,
  spin: boolean,
  bytes: Uint8Array,
  at: number,
  packet: Uint8Array,
  packetAt: number,
  packetLength: number,
): number {
  const payload = at + DATAGRAM_HEADER_SIZE
  const inner = payload + SESSION_HEADER_SIZE
  const ports = inner + SESSION_INNER_HEADER_SIZE
  const shim = ports + PORT_HEADER_SIZE
  const upperLength = packetLength - IPV6_HEADER_SIZE
  const sealedLength = UPPER_AT + upperLength
  bytes[payload] = 0
  bytes[payload + FLAGS_AT] = keyEpoch ? FLAG_KEY_EPOCH : 0
  putU16(bytes, payload + LENGTH_AT, sealedLength)
  putU32(bytes, payload + COUNTER_AT, counter)
  putU32(bytes, payload + COUNTER_AT + 4, Math.floor(counter / TWO_TO_32))
  putU32(bytes, inner, timestamp)
  bytes[inner + 4] = SESSION_MESSAGE_TYPES.data
  bytes[inner + 5] = spin ? INNER_SPIN : 0
  putU16(bytes, ports, PORT_IPV6)
  putU16(bytes, ports + 2, PORT_IPV6)
  bytes[shim] = 0
  bytes[shim + 1] = packet[packetAt]!
  bytes[shim + 2] = packet[packetAt + 1]!
  bytes[shim + 3] = packet[packetAt + 2]!
  bytes[shim + 4] = packet[packetAt + 3]!
  bytes[shim + 5] = packet[packetAt + 6]!
  bytes[shim + 6] = packet[packetAt + 7]!
  bytes.set(packet.subarray(packetAt + IPV6_HEADER_SIZE, packetAt + packetLength), shim + SHIM_HEADER_SIZE)
  cipher.sealAt(counter, bytes, payload, SESSION_HEADER_SIZE, inner, sealedLength)
  return DATAGRAM_HEADER_SIZE + SESSION_HEADER_SIZE + sealedLength + TAG_SIZE
}
