/** Source of randomness, injected: a cryptographic one in production, a seeded one in tests and simulations. */
import { u32At } from './bytes.ts'

export interface Rng {
  /** `length` fresh random bytes. */
  bytes(length: number): Uint8Array
}

/** Uniform number in [0, 1) with 32 bits of resolution. */
export function randomUnit(rng: Rng): number {
  return randomU32(rng) / 2 ** 32
}

/** Uniform unsigned 32-bit integer. */
export function randomU32(rng: Rng): number {
  return u32At(rng.bytes(4), 0)
}

/** Uniform integer in [0, bound); `bound` must be in 1..2^32. */
export function randomBelow(rng: Rng, bound: number): number {
  return Math.floor(randomUnit(rng) * bound)
}

/** Repeatable randomness from a 32-bit seed (splitmix32), for tests and simulations; never for keys. */
export class SeededRng implements Rng {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let i = 0; i < length; i += 4) {
      const word = this.word()
      for (let j = 0; j < 4 && i + j < length; j++) out[i + j] = word >>> (8 * j)
    }
    return out
  }

  /** The next 32 bits, unsigned: what `randomU32` makes of the next four bytes. */
  word(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
}
