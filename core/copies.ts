/** What is said more than once over a link that loses frames (docs/adr/0012-copies-over-loss.md). */
import type { Millis } from './time.ts'

/** Copies leave together. What comes again later is said again, by whoever had no answer. */
export const TOGETHER_MS: Millis = 100

const MAX_COPIES = 3
/** Share of messages that may be lost in spite of their copies. */
const ACCEPTED_LOSS = 0.02

/** How often a message goes over a link that loses this share of frames, 0..1. */
export function copiesFor(lossRate: number): number {
  let copies = 1
  for (let loss = lossRate; loss > ACCEPTED_LOSS && copies < MAX_COPIES; loss *= lossRate) copies++
  return copies
}
