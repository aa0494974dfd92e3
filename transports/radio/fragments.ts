/** Cutting bodies into even fragments and putting them together again. */
import { concatBytes } from '../../core/index.ts'
import { MAX_FRAGMENTS } from './limits.ts'
import type { Fragment } from './wire.ts'

/**
 * Cuts `body` into the fewest pieces of at most `capacity` bytes, as even as possible: a short last piece saves
 * nothing, and the longest piece is the one that noise hits. Undefined when `MAX_FRAGMENTS` do not suffice.
 */
export function splitEvenly(body: Uint8Array, capacity: number): readonly Uint8Array[] | undefined {
  if (capacity < 1) return undefined
  const count = Math.max(1, Math.ceil(body.length / capacity))
  if (count > MAX_FRAGMENTS) return undefined
  const pieces: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    pieces.push(
      body.subarray(Math.floor((i * body.length) / count), Math.floor(((i + 1) * body.length) / count)),
    )
  }
  return pieces
}

/** A frame of which some fragments have arrived. Bounded by `maxBytes` and `MAX_FRAGMENTS`. */
export class Reassembly {
  readonly #pieces = new Map<number, Uint8Array>()
  readonly #maxBytes: number
  #count: number | undefined
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** True when the fragment was new and fits; a contradiction to what is here already is refused. */
  add(fragment: Fragment, body: Uint8Array): boolean {
    if (this.#pieces.has(fragment.index)) return false
    if (this.#count !== undefined && (fragment.last || fragment.index >= this.#count)) return false
    if (fragment.last && [...this.#pieces.keys()].some((index) => index > fragment.index)) return false
    if (this.#bytes + body.length > this.#maxBytes) return false
    if (fragment.last) this.#count = fragment.index + 1
    this.#pieces.set(fragment.index, body.slice())
    this.#bytes += body.length
    return true
  }

  get complete(): boolean {
    return this.#count !== undefined && this.#pieces.size === this.#count
  }

  /** The body, once complete. Undefined when the pieces were not cut evenly: they are of different frames. */
  join(): Uint8Array | undefined {
    const pieces: Uint8Array[] = []
    for (let i = 0; i < this.#pieces.size; i++) {
      const piece = this.#pieces.get(i)
      if (piece === undefined) return undefined
      pieces.push(piece)
    }
    const lengths = pieces.map((piece) => piece.length)
    if (Math.max(...lengths) - Math.min(...lengths) > 1) return undefined
    return concatBytes(...pieces)
  }

  /** Bit i of byte i/8: fragment i is here; as short as it can be. */
  bitmap(): Uint8Array {
    const highest = Math.max(-1, ...this.#pieces.keys())
    const bitmap = new Uint8Array(Math.ceil((highest + 1) / 8))
    for (const index of this.#pieces.keys())
      bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7))
    return bitmap
  }
}

export function bitSet(bitmap: Uint8Array, index: number): boolean {
  return ((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
}
