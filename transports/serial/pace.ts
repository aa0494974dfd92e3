/** What the speed of a serial line means for timing. */
import type { Millis } from '../../core/index.ts'
import { cobsBound, MAX_CELL } from '../../firmware-proto/index.ts'

/** Start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10

/** Kept in the port beyond what has left, so that a late timer does not idle the line. */
export const LEAD: Millis = 20

/** For adapters that hold bytes back (USB: 16 ms each way) and a busy machine at the other end. */
const TURNAROUND: Millis = 60

/** Shortest life of a frame whatever the speed. */
const SHORTEST_LIFETIME: Millis = 5_000
/** On slow lines a life is so many of the longest cells. */
const LIFETIME_CELLS = 30
const LONGEST_CELL = cobsBound(MAX_CELL)

/** Time `bytes` take on the line. */
export function lineTime(bytes: number, baud: number): Millis {
  return (bytes * BITS_PER_BYTE * 1000) / baud
}

/** The answer may wait for a longest cell and for what the other side has already in its port. */
export function answerTime(baud: number): Millis {
  return 2 * LEAD + TURNAROUND + lineTime(LONGEST_CELL, baud)
}

/** How long a frame is worth repeating. */
export function frameLifetime(baud: number): Millis {
  return Math.max(SHORTEST_LIFETIME, LIFETIME_CELLS * lineTime(LONGEST_CELL, baud))
}
