/** ICMPv6 messages the node itself sends and reads: errors to the host (RFC 4443) and echo. */
import { fillChecksum, payloadChecksum } from './checksum.ts'
import {
  destinationOf,
  IPV6_HEADER,
  IPV6_MIN_MTU,
  isIpv6Packet,
  isMulticast,
  isUnspecified,
  newPacket,
  NEXT_ICMPV6,
  nextHeader,
  sourceOf,
} from './header.ts'

/** Codes of Destination Unreachable. */
export const UNREACHABLE = { noRoute: 0, prohibited: 1, address: 3, sourcePolicy: 5 } as const
export type UnreachableCode = (typeof UNREACHABLE)[keyof typeof UNREACHABLE]

const TYPE_UNREACHABLE = 1
const TYPE_TOO_BIG = 2
const TYPE_ECHO_REQUEST = 128
const TYPE_ECHO_REPLY = 129
/** Types below are errors, which are never answered with an error. */
const FIRST_INFORMATIONAL = 128
const TYPE_REDIRECT = 137

const TYPE_AT = IPV6_HEADER
const CODE_AT: number = IPV6_HEADER + 1
const CHECKSUM_AT: number = IPV6_HEADER + 2
const BODY_AT: number = IPV6_HEADER + 4
const DATA_AT: number = IPV6_HEADER + 8
const ICMP_HEADER = 8

/** May an error be sent about this packet? Not about errors, multicast, or senders that cannot be answered. */
export function mayAnswerWithError(packet: Uint8Array): boolean {
  if (packet.length < IPV6_HEADER || (packet[0] ?? 0) >>> 4 !== 6) return false
  if (isUnspecified(sourceOf(packet)) || isMulticast(sourceOf(packet)) || isMulticast(destinationOf(packet)))
    return false
  if (nextHeader(packet) !== NEXT_ICMPV6) return true
  const type = packet[TYPE_AT]
  return type !== undefined && type >= FIRST_INFORMATIONAL && type !== TYPE_REDIRECT
}

/** Destination Unreachable about `original`, from `source` (16 bytes) to its sender. */
export function unreachable(original: Uint8Array, code: UnreachableCode, source: Uint8Array): Uint8Array {
  return errorAbout(original, TYPE_UNREACHABLE, code, 0, source)
}

/** Packet Too Big about `original`: IPv6 packets of up to `mtu` bytes pass. */
export function packetTooBig(original: Uint8Array, mtu: number, source: Uint8Array): Uint8Array {
  return errorAbout(original, TYPE_TOO_BIG, 0, mtu, source)
}

export interface Echo {
  readonly source: Uint8Array
  readonly destination: Uint8Array
  readonly id: number
  readonly sequence: number
  readonly data: Uint8Array
}

export function echoRequest(echo: Echo): Uint8Array {
  return echoPacket(TYPE_ECHO_REQUEST, echo)
}

/** The answer to an echo request packet. */
export function echoReply(request: Uint8Array): Uint8Array {
  const reply = newPacket(
    destinationOf(request),
    sourceOf(request),
    NEXT_ICMPV6,
    request.length - IPV6_HEADER,
  )
  reply.set(request.subarray(IPV6_HEADER), IPV6_HEADER)
  reply[TYPE_AT] = TYPE_ECHO_REPLY
  fillChecksum(reply, CHECKSUM_AT)
  return reply
}

/** What an ICMPv6 packet says to a host that pings. */
export type IcmpMessage =
  | { readonly type: 'echo-request'; readonly id: number; readonly sequence: number }
  | { readonly type: 'echo-reply'; readonly id: number; readonly sequence: number; readonly data: Uint8Array }
  | {
      readonly type: 'error'
      readonly kind: 'unreachable' | 'too-big' | 'other'
      readonly code: number
      /** Of a packet that was too big. */
      readonly mtu: number
      /** The echo request it is about, if it is about one. */
      readonly about: { readonly id: number; readonly sequence: number } | undefined
    }

/** Reads an ICMPv6 packet; undefined for anything else and when the checksum is wrong. */
export function readIcmp(packet: Uint8Array): IcmpMessage | undefined {
  if (!isIpv6Packet(packet) || nextHeader(packet) !== NEXT_ICMPV6 || packet.length < DATA_AT) return undefined
  if (payloadChecksum(packet) !== 0) return undefined
  const type = packet[TYPE_AT] ?? 0
  if (type === TYPE_ECHO_REQUEST) return { type: 'echo-request', ...echoIds(packet) }
  if (type === TYPE_ECHO_REPLY)
    return { type: 'echo-reply', ...echoIds(packet), data: packet.subarray(DATA_AT) }
  if (type >= FIRST_INFORMATIONAL) return undefined
  const kind = type === TYPE_UNREACHABLE ? 'unreachable' : type === TYPE_TOO_BIG ? 'too-big' : 'other'
  const quoted = packet.subarray(DATA_AT)
  const isEcho =
    quoted.length >= DATA_AT && nextHeader(quoted) === NEXT_ICMPV6 && quoted[TYPE_AT] === TYPE_ECHO_REQUEST
  const mtu = new DataView(packet.buffer, packet.byteOffset + BODY_AT, 4).getUint32(0)
  return { type: 'error', kind, code: packet[CODE_AT] ?? 0, mtu, about: isEcho ? echoIds(quoted) : undefined }
}

function echoIds(packet: Uint8Array): { readonly id: number; readonly sequence: number } {
  const view = new DataView(packet.buffer, packet.byteOffset + BODY_AT, 4)
  return { id: view.getUint16(0), sequence: view.getUint16(2) }
}

function echoPacket(type: number, { source, destination, id, sequence, data }: Echo): Uint8Array {
  const packet = newPacket(source, destination, NEXT_ICMPV6, ICMP_HEADER + data.length)
  packet[TYPE_AT] = type
  const view = new DataView(packet.buffer, BODY_AT, 4)
  view.setUint16(0, id)
  view.setUint16(2, sequence)
  packet.set(data, DATA_AT)
  fillChecksum(packet, CHECKSUM_AT)
  return packet
}

/** Quotes as much of the original as the smallest IPv6 MTU allows. */
function errorAbout(
  original: Uint8Array,
  type: number,
  code: number,
  body: number,
  source: Uint8Array,
): Uint8Array {
  const quoted = original.subarray(0, IPV6_MIN_MTU - DATA_AT)
  const packet = newPacket(source, sourceOf(original), NEXT_ICMPV6, ICMP_HEADER + quoted.length)
  packet[TYPE_AT] = type
  packet[CODE_AT] = code
  new DataView(packet.buffer, BODY_AT, 4).setUint32(0, body)
  packet.set(quoted, DATA_AT)
  fillChecksum(packet, CHECKSUM_AT)
  return packet
}
