/**
 * The microcontrollers' framing of a serial line: no delimiter and no check, so a length counts only when an FMP
 * frame of that very length begins right behind it.
 *
 *   length (u16 LE, 1..1500)   one FMP frame
 */
import { FMP_PREFIX, isFmpPrefix } from './fmp-prefix.ts'

/** Longest frame of this framing, bytes. */
export const U16_MAX_FRAME = 1500

/**
 * Brings a reader that believes every length back in step, whatever it waits for. Zeros end the longest frame, and
 * afterwards each pair is a length of 0, which such a reader skips; it may be left with one zero of a pair. Then 7, 0
 * and seven zeros: a reader in step takes a frame of seven bytes, one with a zero in hand skips the impossible length
 * 0x0700 and four pairs of zeros. Both have read everything.
 */
export const U16_RESYNC: Uint8Array = Uint8Array.of(
  ...Array.from({ length: U16_MAX_FRAME + 2 }, () => 0),
  7,
  ...Array.from({ length: 1 + 7 }, () => 0),
)

const LENGTH_BYTES = 2
const HEAD = LENGTH_BYTES + FMP_PREFIX

/** A frame of 1..1500 bytes with its length in front. Throws a `RangeError` for another size. */
export function u16Encode(frame: Uint8Array): Uint8Array {
  if (frame.length < 1 || frame.length > U16_MAX_FRAME)
    throw new RangeError(`a frame has 1..${U16_MAX_FRAME} bytes, not ${frame.length}`)
  const out = new Uint8Array(LENGTH_BYTES + frame.length)
  out[0] = frame.length & 0xff
  out[1] = frame.length >>> 8
  out.set(frame, LENGTH_BYTES)
  return out
}

/** Cuts a byte stream into frames; what cannot begin one is slid over byte by byte. Holds at most one frame. */
export class U16Deframer {
  readonly #buffer = new Uint8Array(LENGTH_BYTES + U16_MAX_FRAME)
  #length = 0

  /** Calls `frame` with each completed frame (valid during the call) and `skipped` with counts of bytes slid over. */
  push(chunk: Uint8Array, frame: (bytes: Uint8Array) => void, skipped: (bytes: number) => void): void {
    let at = 0
    while (at < chunk.length) {
      const wanted = this.#length < HEAD ? HEAD - this.#length : this.#frameEnd() - this.#length
      const taken = chunk.subarray(at, at + wanted)
      this.#buffer.set(taken, this.#length)
      this.#length += taken.length
      at += taken.length
      if (this.#length === HEAD) this.#slide(skipped)
      if (this.#length >= HEAD && this.#length === this.#frameEnd()) {
        const end = this.#length
        this.#length = 0
        frame(this.#buffer.subarray(LENGTH_BYTES, end))
      }
    }
  }

  /** True while a frame is begun and not whole. */
  get pending(): boolean {
    return this.#length > 0
  }

  /** Forgets an unfinished frame: the sender fell silent in the middle of it. */
  reset(): void {
    this.#length = 0
  }

  /** Moves the window of six bytes on until they begin a frame or run short. */
  #slide(skipped: (bytes: number) => void): void {
    if (this.#beginsFrame()) return
    this.#buffer.copyWithin(0, 1, this.#length)
    this.#length--
    skipped(1)
  }

  #frameEnd(): number {
    return LENGTH_BYTES + this.#u16(0)
  }

  #beginsFrame(): boolean {
    const length = this.#u16(0)
    if (length < FMP_PREFIX || length > U16_MAX_FRAME) return false
    return isFmpPrefix(
      this.#buffer[LENGTH_BYTES] ?? 0,
      this.#buffer[LENGTH_BYTES + 1] ?? 0,
      this.#u16(HEAD - 2),
      length,
    )
  }

  #u16(at: number): number {
    return (this.#buffer[at] ?? 0) | ((this.#buffer[at + 1] ?? 0) << 8)
  }
}
