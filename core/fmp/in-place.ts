/**
 * Established frames in place, by offsets, for the data path: no object is made for a frame. The layout is that of
 * `wire.ts`; a frame seals to the same bytes either way.
 *
 *   at: prefix 4 | receiver index 4 | counter 8 | timestamp 4 | message (type 1, body) | tag 16
 */
import { putU16, putU32, u32At } from '../bytes.ts'
import { TAG_SIZE, type Cipher } from '../crypto/index.ts'
import { ESTABLISHED_HEADER_SIZE, ESTABLISHED_MIN_SIZE, LINK_OVERHEAD } from './wire.ts'

const FLAGS_AT = 1
const PAYLOAD_LENGTH_AT = 2
const RECEIVER_INDEX_AT = 4
const COUNTER_AT = 8
const TWO_TO_32: number = 2 ** 32
const TIMESTAMP_SIZE: number = LINK_OVERHEAD - ESTABLISHED_MIN_SIZE

/** From the start of a frame to its message. */
export const FRAME_MESSAGE_AT: number = ESTABLISHED_HEADER_SIZE + TIMESTAMP_SIZE

export const FRAME_FLAGS = { keyEpoch: 0x01, ce: 0x02, spin: 0x04 } as const

/** Counters from here on are not exact as a number; no sender gets there. */
export const MAX_COUNTER_HIGH: number = 2 ** 21

/** Whether these bytes are an established frame of version 0 that carries a message. Anything else is for `decodeFrame`. */
export function isEstablishedAt(bytes: Uint8Array, at: number, length: number): boolean {
  const carried = length - ESTABLISHED_MIN_SIZE
  return (
    carried > TIMESTAMP_SIZE &&
    bytes[at] === 0 &&
    (bytes[at + PAYLOAD_LENGTH_AT]! | (bytes[at + PAYLOAD_LENGTH_AT + 1]! << 8)) === carried
  )
}

export function flagsAt(bytes: Uint8Array, at: number): number {
  return bytes[at + FLAGS_AT]!
}

export function receiverIndexAt(bytes: Uint8Array, at: number): number {
  return u32At(bytes, at + RECEIVER_INDEX_AT)
}

export function counterLowAt(bytes: Uint8Array, at: number): number {
  return u32At(bytes, at + COUNTER_AT)
}

export function counterHighAt(bytes: Uint8Array, at: number): number {
  return u32At(bytes, at + COUNTER_AT + 4)
}

/**
 * Opens the frame of `length` bytes at `at` so that its timestamp and message come to lie in `output` where they would in
 * a frame at `outAt`. False when it is not authentic.
 */
export function openFrameAt(
  cipher: Cipher,
  counter: number,
  bytes: Uint8Array,
  at: number,
  length: number,
  output: Uint8Array,
  outAt: number,
): boolean {
  return cipher.openAt(
    counter,
    bytes,
    at,
    ESTABLISHED_HEADER_SIZE,
    at + ESTABLISHED_HEADER_SIZE,
    length - ESTABLISHED_HEADER_SIZE,
    output,
    outAt + ESTABLISHED_HEADER_SIZE,
  )
}

/** The timestamp of an opened frame. */
export function timestampAt(bytes: Uint8Array, at: number): number {
  return u32At(bytes, at + ESTABLISHED_HEADER_SIZE)
}

/** Seals the message of `messageLength` bytes that lies in the frame at `at`. Returns the length of the frame. */
export function sealFrameAt(
  cipher: Cipher,
  counter: number,
  receiverIndex: number,
  flags: number,
  timestamp: number,
  bytes: Uint8Array,
  at: number,
  messageLength: number,
): number {
  const carried = TIMESTAMP_SIZE + messageLength
  bytes[at] = 0
  bytes[at + FLAGS_AT] = flags
  putU16(bytes, at + PAYLOAD_LENGTH_AT, carried)
  putU32(bytes, at + RECEIVER_INDEX_AT, receiverIndex)
  putU32(bytes, at + COUNTER_AT, counter)
  putU32(bytes, at + COUNTER_AT + 4, Math.floor(counter / TWO_TO_32))
  putU32(bytes, at + ESTABLISHED_HEADER_SIZE, timestamp)
  cipher.sealAt(counter, bytes, at, ESTABLISHED_HEADER_SIZE, at + ESTABLISHED_HEADER_SIZE, carried)
  return ESTABLISHED_HEADER_SIZE + carried + TAG_SIZE
}
