/**
 * What is known about 16-byte addresses, found without making a string of them. A cache: each address has one slot, which it
 * shares with others, and the last one put there stays. All is forgotten at once when the network may have changed.
 */
import { u32At } from './bytes.ts'

const WORDS = 4

export class AddrTable<Value> {
  readonly #mask: number
  readonly #words: Uint32Array
  readonly #values: (Value | undefined)[]
  readonly #ages: Uint32Array
  #age = 1

  /** `slots`: a power of two. */
  constructor(slots: number) {
    this.#mask = slots - 1
    this.#words = new Uint32Array(slots * WORDS)
    this.#values = Array.from({ length: slots }, () => undefined)
    this.#ages = new Uint32Array(slots)
  }

  /** What was put for the 16 bytes at `at` since all was forgotten. */
  get(bytes: Uint8Array, at: number): Value | undefined {
    const slot = this.#slotOf(bytes, at)
    if (this.#ages[slot] !== this.#age) return undefined
    const words = this.#words
    const first = slot * WORDS
    const isSame =
      words[first] === u32At(bytes, at) &&
      words[first + 1] === u32At(bytes, at + 4) &&
      words[first + 2] === u32At(bytes, at + 8) &&
      words[first + 3] === u32At(bytes, at + 12)
    return isSame ? this.#values[slot] : undefined
  }

  put(bytes: Uint8Array, at: number, value: Value): void {
    const slot = this.#slotOf(bytes, at)
    for (let word = 0; word < WORDS; word++)
      this.#words[slot * WORDS + word] = u32At(bytes, at + word * Uint32Array.BYTES_PER_ELEMENT)
    this.#values[slot] = value
    this.#ages[slot] = this.#age
  }

  forgetAll(): void {
    this.#age = (this.#age + 1) >>> 0
  }

  /** Addresses are hashes, and those of IPv6 differ behind their first byte. */
  #slotOf(bytes: Uint8Array, at: number): number {
    return (bytes[at + 1]! | (bytes[at + 2]! << 8) | (bytes[at + 3]! << 16)) & this.#mask
  }
}
