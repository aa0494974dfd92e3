/**
 * Views of places in memory, kept for the next frame that lies there: the data path uses the same places again and again, for
 * frames of few sizes, and making the views costs a fifth of sealing what they show.
 */

/** A power of two; each place has one slot, which it shares with others. Some 150 B each. */
const SLOTS = 4096
const MIX = 0x9e3779b1

interface Place {
  readonly bytes: Uint8Array
  readonly view: Uint8Array
}

export class Places {
  readonly #places: (Place | undefined)[] = Array.from({ length: SLOTS }, () => undefined)

  /** The view of `length` bytes of `bytes` from `at`. */
  view(bytes: Uint8Array, at: number, length: number): Uint8Array {
    const slot = Math.imul(at ^ (length << 16), MIX) >>> 20
    const known = this.#places[slot]
    if (known?.bytes === bytes && isAt(known.view, bytes, at, length)) return known.view
    const view = bytes.subarray(at, at + length)
    this.#places[slot] = { bytes, view }
    return view
  }
}

function isAt(view: Uint8Array, bytes: Uint8Array, at: number, length: number): boolean {
  return view.byteOffset === bytes.byteOffset + at && view.length === length
}
