/**
 * The 32-bit numbers by which peers name their sessions with us in the clear. They are random, so that they tell
 * nothing, and differ from each other in their low 16 bits, because the radio link sends only those.
 */
import type { Rng } from '../random.ts'
import { randomU32 } from '../random.ts'

const LOW_BITS = 0xffff
/** Half of the low values: beyond that a draw would collide more often than not. The peer limits stay far below. */
const MAX_INDEXES = 0x8000

export class SessionIndexes<Owner> {
  readonly #owners = new Map<number, Owner>()
  readonly #low = new Set<number>()
  readonly #rng: Rng

  constructor(rng: Rng) {
    this.#rng = rng
  }

  get size(): number {
    return this.#owners.size
  }

  /** A fresh index that belongs to nobody until `assign`; undefined when too many are in use. */
  allocate(owner: Owner): number | undefined {
    if (this.#owners.size >= MAX_INDEXES) return undefined
    for (;;) {
      const index = randomU32(this.#rng)
      // Zero is left out: peers use it for "no index yet".
      if (index === 0 || this.#low.has(index & LOW_BITS)) continue
      this.#low.add(index & LOW_BITS)
      this.#owners.set(index, owner)
      return index
    }
  }

  /** Hands an allocated index over, for instance from a handshake to the session it made. */
  assign(index: number, owner: Owner): void {
    if (this.#owners.has(index)) this.#owners.set(index, owner)
  }

  owner(index: number): Owner | undefined {
    return this.#owners.get(index)
  }

  free(index: number): void {
    if (this.#owners.delete(index)) this.#low.delete(index & LOW_BITS)
  }
}
