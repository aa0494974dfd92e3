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
