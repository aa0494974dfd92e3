/** Gathers the pieces of a packet for one writev. */
import type { Native, NativeMemory } from '../../transports/native/index.ts'
import { HEAD_AT, HEAD_BYTES, type GatherWriter } from './merge.ts'

/** One piece for each segment of 64 kB, and no more than a packet of the kernel has pages for. */
const MAX_PIECES = 64
/** struct iovec: base 8, length 8. */
const IOV_BYTES = 16
const WORD_ALIGNMENT = 8

export class GatherOut implements GatherWriter {
  readonly head: NativeMemory
  readonly maxPieces: number = MAX_PIECES
  /** Packets the kernel did not take: its queue is full, the interface is down, or they are none. */
  refused = 0
  readonly #native: Native
  readonly #fd: number
  readonly #iovs: NativeMemory
  #pieces = 0

  constructor(native: Native, fd: number) {
    this.#native = native
    this.#fd = fd
    this.head = native.memory(Math.ceil(HEAD_BYTES / WORD_ALIGNMENT) * WORD_ALIGNMENT)
    this.#iovs = native.memory((1 + MAX_PIECES) * IOV_BYTES)
    this.#iovs.setLong(0, this.head.base + HEAD_AT)
  }

  piece(bytes: Uint8Array, at: number, length: number): void {
    const iov = ++this.#pieces * IOV_BYTES
    this.#iovs.setLong(iov, this.#native.addressOf(bytes) + at)
    this.#iovs.setLong(iov + 8, length)
  }

  send(length: number): void {
    this.#iovs.setLong(8, length)
    if (this.#native.libc.writev(this.#fd, this.#iovs.base, 1 + this.#pieces) < 0) this.refused++
    this.#pieces = 0
  }
}
