/**
 * Consistent Overhead Byte Stuffing: no zero byte inside a cell, one zero after it, so a receiver that lost its place
 * finds it at the next zero.
 *
 *   cell on the line:  code data...  code data...  00
 *   code n in 1..254: n-1 data bytes follow, then a zero is implied unless the cell ends here; 255: 254 follow, no zero
 */

const MAX_RUN = 254

/** Bytes on the line for `length` bytes of content at worst, with the closing zero. */
export function cobsBound(length: number): number {
  return length + Math.floor(length / MAX_RUN) + 2
}

/** Stuffed content with the closing zero. */
export function cobsEncode(content: Uint8Array): Uint8Array {
  const out = new Uint8Array(cobsBound(content.length))
  let codeAt = 0
  let end = 1
  for (const [i, byte] of content.entries()) {
    if (byte !== 0) out[end++] = byte
    const run = end - codeAt - 1
    if (byte === 0 || (run === MAX_RUN && i < content.length - 1)) {
      out[codeAt] = run + 1
      codeAt = end++
    }
  }
  out[codeAt] = end - codeAt
  out[end++] = 0
  return out.subarray(0, end)
}

/** Content of one cell without its closing zero; undefined when the codes do not add up. */
export function cobsDecode(stuffed: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(stuffed.length)
  let end = 0
  let at = 0
  while (at < stuffed.length) {
    const code = stuffed[at] ?? 0
    if (code === 0 || at + code > stuffed.length) return undefined
    out.set(stuffed.subarray(at + 1, at + code), end)
    end += code - 1
    at += code
    if (code <= MAX_RUN && at < stuffed.length) out[end++] = 0
  }
  return out.subarray(0, end)
}

/** Why bytes between two zeros were no cell. */
export type CobsFault = 'oversize' | 'malformed'

/**
 * Cuts a byte stream into cells. Holds at most one cell of `maxContent` bytes; a longer one is dropped up to its zero.
 * The same bytes give the same cells however they are chunked.
 */
export class CobsDeframer {
  readonly #buffer: Uint8Array
  #length = 0
  #overflowed = false

  /** `maxContent`: longest content accepted, bytes. */
  constructor(maxContent: number) {
    this.#buffer = new Uint8Array(cobsBound(maxContent) - 1)
  }

  /** Calls `cell` with each content completed by `chunk` (a fresh array), `fault` for each refused one. Empty cells are idle fill. */
  push(chunk: Uint8Array, cell: (content: Uint8Array) => void, fault: (reason: CobsFault) => void): void {
    let at = 0
    while (at < chunk.length) {
      const zero = chunk.indexOf(0, at)
      const end = zero === -1 ? chunk.length : zero
      this.#append(chunk.subarray(at, end))
      at = end + 1
      if (zero === -1) return
      const length = this.#length
      const overflowed = this.#overflowed
      this.reset()
      if (overflowed) fault('oversize')
      else if (length > 0) {
        const content = cobsDecode(this.#buffer.subarray(0, length))
        if (content === undefined) fault('malformed')
        else cell(content)
      }
    }
  }

  /** Forgets an unfinished cell. */
  reset(): void {
    this.#length = 0
    this.#overflowed = false
  }

  #append(bytes: Uint8Array): void {
    if (this.#overflowed) return
    if (this.#length + bytes.length > this.#buffer.length) {
      this.#overflowed = true
      return
    }
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }
}
