/**
 * Memory whose address system calls are given. The garbage collector moves neither an ArrayBuffer's bytes nor those of
 * an array once its buffer was asked for, but it frees what nobody holds: whoever passes an address on keeps the object.
 */
import type koffi from 'koffi'

/** A 64-bit little-endian pointer or length is stored as two words. */
const WORD_SPAN = 2 ** 32

export class NativeMemory {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The same memory; byte `at` is in word `at >> 2`. */
  readonly words: Uint32Array<ArrayBuffer>
  /** Address of the first byte: below 2^53, as the addresses of all processes are. */
  readonly base: number

  /** Zeroed; `size` is a multiple of 8. Made by `Native.memory`. */
  constructor(addresses: Addresses, size: number) {
    const buffer = new ArrayBuffer(size)
    this.bytes = new Uint8Array(buffer)
    this.words = new Uint32Array(buffer)
    this.base = addresses.of(this.bytes)
  }

  /** Stores a pointer or a length of 64 bits at byte `at`. */
  setLong(at: number, value: number): void {
    const word = at >> 2
    this.words[word] = value % WORD_SPAN
    this.words[word + 1] = value / WORD_SPAN
  }
}

/** The address of an array, asked for once in its life. */
export class Addresses {
  readonly #addressOf: typeof koffi.address
  readonly #known = new WeakMap<Uint8Array, number>()
  /** Most often it is the same one again. */
  #last: Uint8Array | undefined
  #lastAddress = 0

  constructor(addressOf: typeof koffi.address) {
    this.#addressOf = addressOf
  }

  of(bytes: Uint8Array): number {
    if (bytes === this.#last) return this.#lastAddress
    let address = this.#known.get(bytes)
    if (address === undefined) {
      address = Number(this.#addressOf(bytes))
      this.#known.set(bytes, address)
    }
    this.#last = bytes
    this.#lastAddress = address
    return address
  }
}
