/**
 * What can be told of an FMP frame from its first four bytes, for framings that have no check of their own.
 *
 *   version:4 | phase:4   flags   payload length (u16 LE)
 */

/** Bytes needed to judge. */
export const FMP_PREFIX = 4

const PHASE_ESTABLISHED = 0
const PHASE_MSG1 = 1
const PHASE_MSG2 = 2
const KNOWN_FLAGS = 0b111

const MSG1_BYTES = 114
const MSG2_BYTES = 69
/** Header 16 and tag 16 around the inner plaintext. */
const ESTABLISHED_OVERHEAD = 32
/** Timestamp 4 and type 1. */
const SHORTEST_INNER = 5

/** Could these four bytes begin a version 0 frame of exactly `length` bytes? */
export function isFmpPrefix(first: number, flags: number, payloadLength: number, length: number): boolean {
  switch (first) {
    case PHASE_ESTABLISHED:
      return (
        flags <= KNOWN_FLAGS &&
        payloadLength >= SHORTEST_INNER &&
        length === payloadLength + ESTABLISHED_OVERHEAD
      )
    case PHASE_MSG1:
      return flags === 0 && length === MSG1_BYTES && payloadLength === MSG1_BYTES - FMP_PREFIX
    case PHASE_MSG2:
      return flags === 0 && length === MSG2_BYTES && payloadLength === MSG2_BYTES - FMP_PREFIX
    default:
      return false
  }
}
