/** Randomness from the operating system. */
import { randomBytes } from 'node:crypto'
import type { Rng } from '../core/index.ts'

export const systemRng: Rng = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
}
