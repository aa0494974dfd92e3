/** The last samples of one number. Grows with them, up to its capacity; then the oldest gives way. */

const FIRST_CAPACITY = 64
/** Digits that a sample of 32 bits holds. */
const DIGITS = 7

export class Ring {
  readonly #capacity: number
  #samples = new Float32Array(FIRST_CAPACITY)
  /** Where the next sample goes. */
  #next = 0
  #size = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** `undefined`: nothing was measured. */
  push(sample: number | undefined): void {
    if (this.#size === this.#samples.length && this.#size < this.#capacity) this.#grow()
    this.#samples[this.#next] = sample ?? NaN
    this.#next = (this.#next + 1) % this.#samples.length
    this.#size = Math.min(this.#size + 1, this.#samples.length)
  }

  /** The last `count` samples there are, oldest first; null where nothing was measured. */
  last(count: number): (number | null)[] {
    const taken = Math.min(count, this.#size)
    const { length } = this.#samples
    return Array.from({ length: taken }, (_, index) => {
      const sample = this.#samples[(this.#next - taken + index + length) % length]!
      return Number.isNaN(sample) ? null : Number(sample.toPrecision(DIGITS))
    })
  }

  /** It has never wrapped round when it grows, so that what there is lies in order from the start. */
  #grow(): void {
    const larger = new Float32Array(Math.min(this.#samples.length * 2, this.#capacity))
    larger.set(this.#samples)
    this.#next = this.#samples.length
    this.#samples = larger
  }
}
