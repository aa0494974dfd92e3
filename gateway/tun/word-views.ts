/** The words of memory that is given as bytes, made once for each array. */
import type { WordMemory } from './sums.ts'

const WORD = 4

export class WordViews {
  readonly #known = new WeakMap<Uint8Array, WordMemory>()
  #last: WordMemory | undefined

  /** Undefined where the memory does not begin on a word. */
  of(bytes: Uint8Array): WordMemory | undefined {
    if (this.#last?.bytes === bytes) return this.#last
    if (bytes.byteOffset % WORD !== 0) return undefined
    let memory = this.#known.get(bytes)
    if (memory === undefined) {
      memory = { bytes, words: new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) }
      this.#known.set(bytes, memory)
    }
    this.#last = memory
    return memory
  }
}
