/**
 * Packets as an interface with offloads hands them over: checksums not computed, and many segments in one. They are made whole
 * where they lie; the header of a segment is written over the end of the one before it, which has been dealt with by then.
 */
import { IPV6_HEADER, NEXT_TCP, NEXT_UDP, PAYLOAD_LENGTH_AT, SOURCE_AT } from '../ipv6/index.ts'
import { checksumOf, networkOrder, sumOf, type WordMemory } from './sums.ts'
import { GSO, readVnetHeader, VNET_HEADER, type VnetHeader } from './vnet.ts'

/** `length` bytes from `at`, during the call. */
export type OnPacket = (bytes: Uint8Array, at: number, length: number) => void

const TCP_SEQUENCE_AT = 4
const TCP_OFFSET_AT = 12
const TCP_FLAGS_AT = 13
const TCP_CHECKSUM_AT = 16
const TCP_MIN_HEADER = 20
const UDP_LENGTH_AT = 4
const UDP_CHECKSUM_AT = 6
const UDP_HEADER = 8

const FIN_AND_PUSH = 0x09
const CWR = 0x80

const ADDRESSES: number = IPV6_HEADER - SOURCE_AT

/**
 * Hands on the packets in what was read: `length` bytes from `at`, its vnet header before it. False when it is not to be
 * understood: nothing was handed on.
 */
export function splitPacket(memory: WordMemory, at: number, length: number, onPacket: OnPacket): boolean {
  const { bytes } = memory
  if (length < IPV6_HEADER || bytes[at]! >>> 4 !== 6) return false
  const vnet = readVnetHeader(bytes, at - VNET_HEADER)
  switch (vnet.gsoType) {
    case GSO.none:
      if (vnet.needsChecksum && !completeChecksum(memory, at, length, vnet)) return false
      onPacket(bytes, at, length)
      return true
    case GSO.tcp6:
      return splitTcp(memory, at, length, vnet, onPacket)
    case GSO.udp:
      return splitUdp(memory, at, length, vnet, onPacket)
    default:
      return false
  }
}

/** The field already holds the sum of the pseudo header. */
function completeChecksum(memory: WordMemory, at: number, length: number, vnet: VnetHeader): boolean {
  const { checksumStart, checksumOffset } = vnet
  if (checksumStart + checksumOffset + 2 > length) return false
  const checksum = checksumOf(sumOf(memory, at + checksumStart, length - checksumStart))
  putLittle(memory.bytes, at + checksumStart + checksumOffset, checksum)
  return true
}

function splitTcp(
  memory: WordMemory,
  at: number,
  length: number,
  { segmentSize, checksumStart }: VnetHeader,
  onPacket: OnPacket,
): boolean {
  const { bytes } = memory
  const tcpAt = at + checksumStart
  if (checksumStart < IPV6_HEADER || checksumStart + TCP_MIN_HEADER > length) return false
  const headers = checksumStart + (bytes[tcpAt + TCP_OFFSET_AT]! >>> 4) * 4
  if (segmentSize === 0 || headers < checksumStart + TCP_MIN_HEADER || headers >= length) return false
  const template = bytes.slice(at, at + headers)
  const flags = bytes[tcpAt + TCP_FLAGS_AT]!
  let sequence = readU32(bytes, tcpAt + TCP_SEQUENCE_AT)
  const end = at + length
  for (let payloadAt = at + headers; payloadAt < end; payloadAt += segmentSize) {
    const payload = Math.min(segmentSize, end - payloadAt)
    const isFirst = payloadAt === at + headers
    const isLast = payloadAt + payload === end
    const packetAt = payloadAt - headers
    const transportAt = packetAt + checksumStart
    bytes.set(template, packetAt)
    putU32(bytes, transportAt + TCP_SEQUENCE_AT, sequence)
    bytes[transportAt + TCP_FLAGS_AT] = flags & (isLast ? 0xff : ~FIN_AND_PUSH) & (isFirst ? 0xff : ~CWR)
    finish(memory, packetAt, headers + payload, checksumStart, TCP_CHECKSUM_AT, NEXT_TCP)
    onPacket(bytes, packetAt, headers + payload)
    sequence = (sequence + payload) >>> 0
  }
  return true
}

function splitUdp(
  memory: WordMemory,
  at: number,
  length: number,
  { segmentSize, checksumStart }: VnetHeader,
  onPacket: OnPacket,
): boolean {
  const { bytes } = memory
  const headers = checksumStart + UDP_HEADER
  if (segmentSize === 0 || checksumStart < IPV6_HEADER || headers >= length) return false
  const template = bytes.slice(at, at + headers)
  const end = at + length
  for (let payloadAt = at + headers; payloadAt < end; payloadAt += segmentSize) {
    const payload = Math.min(segmentSize, end - payloadAt)
    const packetAt = payloadAt - headers
    bytes.set(template, packetAt)
    putNetwork(bytes, packetAt + checksumStart + UDP_LENGTH_AT, UDP_HEADER + payload)
    finish(memory, packetAt, headers + payload, checksumStart, UDP_CHECKSUM_AT, NEXT_UDP)
    onPacket(bytes, packetAt, headers + payload)
  }
  return true
}

/** Writes the length and the checksum of a packet that is complete otherwise. */
function finish(
  memory: WordMemory,
  at: number,
  length: number,
  transport: number,
  checksumOffset: number,
  protocol: number,
): void {
  const { bytes } = memory
  putNetwork(bytes, at + PAYLOAD_LENGTH_AT, length - IPV6_HEADER)
  putLittle(bytes, at + transport + checksumOffset, 0)
  const upper = length - transport
  const sum =
    sumOf(memory, at + SOURCE_AT, ADDRESSES) +
    networkOrder(protocol) +
    networkOrder(upper) +
    sumOf(memory, at + transport, upper)
  putLittle(bytes, at + transport + checksumOffset, checksumOf(sum))
}

function putLittle(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
}

function putNetwork(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

function putU32(bytes: Uint8Array, at: number, value: number): void {
  putNetwork(bytes, at, value >>> 16)
  putNetwork(bytes, at + 2, value & 0xffff)
}

function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
