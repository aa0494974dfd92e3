/** How important a frame is to media that schedule, as far as it shows from outside. */
import type { FrameClass } from '../link.ts'

/** Session payloads up to this size are likely somebody waiting: pings, acknowledgements, keystrokes. */
const INTERACTIVE_PAYLOAD_SIZE = 320
const PHASE_MASK = 0x0f
const PHASE_ESTABLISHED = 0

/** The class of a session payload passing through: handshakes show themselves, of the rest only the size does. */
export function transitClass(payload: Uint8Array): FrameClass {
  const first = payload[0]
  if (first !== undefined && (first & PHASE_MASK) !== PHASE_ESTABLISHED) return 'handshake'
  return trafficClass(payload.length)
}

/** The class of sealed traffic by the length of its session payload. */
export function trafficClass(payloadLength: number): FrameClass {
  return payloadLength <= INTERACTIVE_PAYLOAD_SIZE ? 'interactive' : 'bulk'
}

const NEXT_HEADER_AT = 6
const ICMPV6 = 58

/** Whether the IPv6 packet that begins at `at` is worth going ahead of others whatever its size. */
export function isUrgentPacket(bytes: Uint8Array, at = 0): boolean {
  return bytes[at + NEXT_HEADER_AT] === ICMPV6
}
