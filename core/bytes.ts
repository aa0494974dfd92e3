/**
 * Bytes on the wire: a bounded little-endian reader and writer, and the few helpers every codec needs.
 * Every multi-byte integer of FIPS wire version 0 is little-endian; 64-bit fields are `bigint`.
 */

/**
 * A cursor over bytes from outside. It never throws and never reads past the end: a read that does not fit sets
 * `truncated`, consumes the rest and yields 0 (or an empty view), so that a decoder reads all its fields and
 * checks once.
 */
export class ByteReader {
  readonly bytes: Uint8Array
  #offset: number
  #truncated = false

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes
    this.#offset = Math.min(offset, bytes.length)
    this.#truncated = offset > bytes.length
  }

  /** Bytes consumed so far, counted from the start of `bytes`. */
  get offset(): number {
    return this.#offset
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.bytes.length - this.#offset
  }

  /** A read asked for more than was there. Stays true. */
  get truncated(): boolean {
    return this.#truncated
  }

  u8(): number {
    const at = this.#take(1)
    return at < 0 ? 0 : this.bytes[at]!
  }

  u16(): number {
    const at = this.#take(2)
    return at < 0 ? 0 : this.bytes[at]! | (this.bytes[at + 1]! << 8)
  }

  u32(): number {
    const at = this.#take(4)
    return at < 0 ? 0 : u32At(this.bytes, at)
  }

  u64(): bigint {
    const at = this.#take(8)
    return at < 0 ? 0n : u64At(this.bytes, at)
  }

  /** The next `length` bytes as a view of the input; copy it (`slice`) to keep it beyond the input's life. */
  take(length: number): Uint8Array {
    const at = this.#take(length)
    return at < 0 ? EMPTY : this.bytes.subarray(at, at + length)
  }

  /** Everything not yet read, as a view of the input. */
  rest(): Uint8Array {
    return this.take(this.remaining)
  }

  skip(length: number): void {
    this.#take(length)
  }

  #take(length: number): number {
    if (length > this.bytes.length - this.#offset) {
      this.#truncated = true
      this.#offset = this.bytes.length
      return -1
    }
    const at = this.#offset
    this.#offset = at + length
    return at
  }
}

/** By shifts and not through a DataView: making one costs more than most messages take to read. */
export function u32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

export function u64At(bytes: Uint8Array, at: number): bigint {
  const low = BigInt(u32At(bytes, at))
  const high = u32At(bytes, at + 4)
  // Most counters are small, and arithmetic on a bigint makes another one.
  return high === 0 ? low : (BigInt(high) << 32n) | low
}

/** Writes the low 32 bits of a safe integer at `at`. */
export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

/** Writes the low 64 bits of an integer at `at`. */
export function putU64(bytes: Uint8Array, at: number, value: bigint): void {
  // Most counters are small, and arithmetic on a bigint makes another one.
  const low = Number(value)
  const isSmall = low >= 0 && low < TWO_TO_32
  putU32(bytes, at, isSmall ? low : Number(BigInt.asUintN(32, value)))
  putU32(bytes, at + 4, isSmall ? 0 : Number(BigInt.asUintN(32, value >> 32n)))
}

/**
 * Builds a message. Grows as needed; give `sizeHint` in bytes when the size is known and nothing is copied but the
 * fields. Integers are reduced to their width (the caller checks ranges).
 */
export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  constructor(sizeHint = 64) {
    this.#bytes = new Uint8Array(Math.max(sizeHint, 8))
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  u8(value: number): this {
    const at = this.#reserve(1)
    this.#bytes[at] = value
    return this
  }

  u16(value: number): this {
    const at = this.#reserve(2)
    this.#bytes[at] = value
    this.#bytes[at + 1] = value >>> 8
    return this
  }

  u32(value: number): this {
    const at = this.#reserve(4)
    putU32(this.#bytes, at, value)
    return this
  }

  u64(value: bigint): this {
    const at = this.#reserve(8)
    putU64(this.#bytes, at, value)
    return this
  }

  put(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  /** The bytes of a hex string. Throws RangeError on other text. */
  putHex(text: string): this {
    const at = this.#reserve(text.length >> 1)
    if (!putHex(this.#bytes, at, text)) throw new RangeError('not hex')
    return this
  }

  /** What was written. A view of the writer's own memory: write no more after this. */
  finish(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length)
  }

  #reserve(length: number): number {
    const at = this.#length
    const needed = at + length
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
    }
    this.#length = needed
    return at
  }
}

const EMPTY = new Uint8Array(0)
const TWO_TO_32: number = 2 ** 32

const HEX_DIGITS: readonly number[] = Array.from({ length: 16 }, (_, digit) =>
  digit.toString(16).charCodeAt(0),
)
/** Bytes made into text at once, far below what a call takes as arguments. */
const HEX_CHUNK = 64

/** Lower-case hex. Addresses are written so for every packet, and joining digit by digit takes twice as long. */
export function hex(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += HEX_CHUNK) {
    const end = Math.min(at + HEX_CHUNK, bytes.length)
    const codes: number[] = []
    for (let i = at; i < end; i++) codes.push(HEX_DIGITS[bytes[i]! >> 4]!, HEX_DIGITS[bytes[i]! & 15]!)
    text += String.fromCharCode(...codes)
  }
  return text
}

/** The bytes of a hex string of either case; undefined when it is no such string. */
export function unhex(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length >> 1)
  return putHex(bytes, 0, text) ? bytes : undefined
}

/** False when the text is no hex string. */
function putHex(bytes: Uint8Array, at: number, text: string): boolean {
  if (text.length % 2 !== 0) return false
  for (let i = 0; i < text.length; i += 2) {
    const high = hexDigit(text.charCodeAt(i))
    const low = hexDigit(text.charCodeAt(i + 1))
    if (high < 0 || low < 0) return false
    bytes[at + (i >> 1)] = high * 16 + low
  }
  return true
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1
}

/** Same length and content. Not constant-time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** A fresh array with the parts one after another. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** The bytes of an ASCII string. Throws on other characters: for constants of ours only. */
export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) throw new RangeError(`not ASCII: ${text}`)
    bytes[i] = code
  }
  return bytes
}

/** Writes two bytes at `at`. */
export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
}
