/** Source of randomness, injected: a cryptographic one in production, a seeded one in tests and simulations. */
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
  const b = rng.bytes(4)
  return new DataView(b.buffer, b.byteOffset, 4).getUint32(0, true)
}

/** Uniform integer in [0, bound); `bound` must be in 1..2^32. */
export function randomBelow(rng: Rng, bound: number): number {
  return Math.floor(randomUnit(rng) * bound)
}

/** Deterministic bytes from a 32-bit seed (mulberry32), for tests and simulations. Never for keys. */
export class SeededRng implements Rng {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let at = 0; at < length; at += 4) {
      let word = this.#next()
      for (let i = at; i < Math.min(at + 4, length); i++) {
        out[i] = word & 0xff
        word >>>= 8
      }
    }
    return out
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
}
