/** Packets that need nothing done to them, told by offsets: almost all of the traffic. */
import { IPV6_PREFIX } from '../../core/index.ts'
import {
  DESTINATION_AT,
  HOP_LIMIT_AT,
  IPV6_HEADER,
  NEXT_HEADER_AT,
  NEXT_TCP,
  PAYLOAD_LENGTH_AT,
  SOURCE_AT,
} from './header.ts'
import { FLAG_SYN, TCP_FLAGS_AT } from './mss.ts'

/** Whether a packet of the host goes to the mesh as it is. Any other is for `HostEdge.fromHost`. */
export function isPlainFromHost(bytes: Uint8Array, at: number, length: number, own: Uint8Array): boolean {
  return (
    isPlain(bytes, at, length) &&
    bytes[at + DESTINATION_AT] === IPV6_PREFIX &&
    bytes[at + HOP_LIMIT_AT] !== 0 &&
    isAddressAt(bytes, at + SOURCE_AT, own) &&
    !isAddressAt(bytes, at + DESTINATION_AT, own)
  )
}

/** Whether a packet of the mesh goes to the host as it is. Any other is for `HostEdge.fromMesh`. */
export function isPlainFromMesh(bytes: Uint8Array, at: number, length: number, own: Uint8Array): boolean {
  return isPlain(bytes, at, length) && isAddressAt(bytes, at + DESTINATION_AT, own)
}

/** A whole IPv6 packet, and no SYN whose segment size would have to be lowered. */
function isPlain(bytes: Uint8Array, at: number, length: number): boolean {
  if (length < IPV6_HEADER || bytes[at]! >>> 4 !== 6) return false
  const payload = (bytes[at + PAYLOAD_LENGTH_AT]! << 8) | bytes[at + PAYLOAD_LENGTH_AT + 1]!
  if (payload !== length - IPV6_HEADER) return false
  return bytes[at + NEXT_HEADER_AT] !== NEXT_TCP || (bytes[at + TCP_FLAGS_AT]! & FLAG_SYN) === 0
}

function isAddressAt(bytes: Uint8Array, at: number, address: Uint8Array): boolean {
  for (let i = 0; i < address.length; i++) if (bytes[at + i] !== address[i]) return false
  return true
}
