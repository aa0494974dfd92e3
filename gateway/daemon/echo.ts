/**
 * ICMPv6 echo without a network interface: what `ping` sends through the node, and the answer a node without a TUN
 * owes to those who ping it.
 *
 *   IPv6 header (40): version 6, payload length, next header 58, hop limit, source, destination
 *   ICMPv6 (8 and payload): type 128 request or 129 reply, code 0, checksum, identifier, sequence number
 */

const IPV6_HEADER = 40
const ICMP_HEADER = 8
const NEXT_HEADER_ICMPV6 = 58
const HOP_LIMIT = 64
const ECHO_REQUEST = 128
const ECHO_REPLY = 129

/** Offsets into the packet. */
const AT = { payloadLength: 4, nextHeader: 6, hopLimit: 7, source: 8, destination: 24 } as const
const ICMP = { type: 0, code: 1, checksum: 2, identifier: 4, sequence: 6 } as const

export interface Echo {
  readonly type: 'request' | 'reply'
  readonly identifier: number
  readonly sequence: number
  /** Of the ICMPv6 message with its header, bytes. */
  readonly bytes: number
}

export interface EchoRequest {
  /** 16 bytes each. */
  readonly source: Uint8Array
  readonly destination: Uint8Array
  readonly identifier: number
  readonly sequence: number
  readonly payloadBytes: number
}

export function echoRequest(request: EchoRequest): Uint8Array {
  const length = ICMP_HEADER + request.payloadBytes
  const packet = new Uint8Array(IPV6_HEADER + length)
  const view = new DataView(packet.buffer)
  packet[0] = 0x60
  view.setUint16(AT.payloadLength, length)
  packet[AT.nextHeader] = NEXT_HEADER_ICMPV6
  packet[AT.hopLimit] = HOP_LIMIT
  packet.set(request.source, AT.source)
  packet.set(request.destination, AT.destination)
  packet[IPV6_HEADER + ICMP.type] = ECHO_REQUEST
  view.setUint16(IPV6_HEADER + ICMP.identifier, request.identifier)
  view.setUint16(IPV6_HEADER + ICMP.sequence, request.sequence)
  for (let i = 0; i < request.payloadBytes; i++) packet[IPV6_HEADER + ICMP_HEADER + i] = i & 0xff
  setChecksum(packet)
  return packet
}

/** The reply to a request: addresses swapped, payload as it was. */
export function echoReply(request: Uint8Array): Uint8Array {
  const packet = request.slice()
  packet.set(request.subarray(AT.destination, IPV6_HEADER), AT.source)
  packet.set(request.subarray(AT.source, AT.destination), AT.destination)
  packet[AT.hopLimit] = HOP_LIMIT
  packet[IPV6_HEADER + ICMP.type] = ECHO_REPLY
  setChecksum(packet)
  return packet
}

/** Reads a packet; undefined when it is no well-formed echo. */
export function parseEcho(packet: Uint8Array): Echo | undefined {
  if (packet.length < IPV6_HEADER + ICMP_HEADER || (packet[0] ?? 0) >> 4 !== 6) return undefined
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length)
  const bytes = view.getUint16(AT.payloadLength)
  const isIcmp = packet[AT.nextHeader] === NEXT_HEADER_ICMPV6
  if (!isIcmp || bytes < ICMP_HEADER || IPV6_HEADER + bytes > packet.length) return undefined
  const type = packet[IPV6_HEADER + ICMP.type]
  if ((type !== ECHO_REQUEST && type !== ECHO_REPLY) || packet[IPV6_HEADER + ICMP.code] !== 0)
    return undefined
  if (checksum(packet.subarray(0, IPV6_HEADER + bytes)) !== 0) return undefined
  return {
    type: type === ECHO_REQUEST ? 'request' : 'reply',
    identifier: view.getUint16(IPV6_HEADER + ICMP.identifier),
    sequence: view.getUint16(IPV6_HEADER + ICMP.sequence),
    bytes,
  }
}

function setChecksum(packet: Uint8Array): void {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length)
  view.setUint16(IPV6_HEADER + ICMP.checksum, 0)
  view.setUint16(IPV6_HEADER + ICMP.checksum, checksum(packet))
}

/** Internet checksum over pseudo-header and message (RFC 4443): 0 over a message whose checksum is right. */
function checksum(packet: Uint8Array): number {
  const length = packet.length - IPV6_HEADER
  let sum = length + NEXT_HEADER_ICMPV6
  for (let i = AT.source; i < packet.length; i += 2) {
    sum += ((packet[i] ?? 0) << 8) | (packet[i + 1] ?? 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
