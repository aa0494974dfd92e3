/** The common prefix of session payloads: `version and phase 1 | flags 1 | payload length LE16`. */
import type { ByteWriter } from '../bytes.ts'

/** The wire version this codec writes. */
export const FSP_VERSION = 0
export const FSP_PREFIX_SIZE = 4

export const PHASE_ESTABLISHED = 0x0
export const PHASE_SETUP = 0x1
export const PHASE_ACK = 0x2
export const PHASE_MSG3 = 0x3
const PHASE_MASK = 0x0f

/** Coordinates of both ends follow the header in clear. */
export const FLAG_COORDINATES = 0x01
/** Which of two key generations sealed the payload. */
export const FLAG_KEY_EPOCH = 0x02
/** Not sealed: an error signal of a node on the way. */
export const FLAG_PLAINTEXT = 0x04

export function writePrefix(
  writer: ByteWriter,
  phase: number,
  flags: number,
  payloadLength: number,
): ByteWriter {
  return writer
    .u8((FSP_VERSION << 4) | phase)
    .u8(flags)
    .u16(payloadLength)
}

/** Whether a session payload is a SessionSetup, by its phase. */
export function isGreeting(payload: Uint8Array): boolean {
  const first = payload[0]
  return first !== undefined && (first & PHASE_MASK) === PHASE_SETUP
}
