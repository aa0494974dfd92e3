/**
 * Cuts a byte stream (TCP, a serial line) into link frames by the length in their common prefix. A stream that does not
 * begin with a valid prefix is out of step, and FMP has no mark to find the next frame by: whoever owns the stream
 * closes it or skips bytes until `push` accepts again.
 */
import { concatBytes } from './bytes.ts'
import { PREFIX_SIZE, frameLength, type StreamRejection } from './fmp/index.ts'
import type { Rejected } from './result.ts'

/** Frames cut from a stream, and why it cannot be cut further if so. */
export interface CutFrames {
  /** Whole frames in order, each an array of its own. */
  readonly frames: readonly Uint8Array[]
  readonly rejected?: Rejected<StreamRejection>
}

export class StreamFramer {
  readonly #mtu: number
  /** Less than one frame between calls: bounded by the MTU (or a handshake frame). */
  #pending: Uint8Array = new Uint8Array(0)

  /** `mtu` is the largest established frame to take, in bytes; handshake frames have their own fixed sizes. */
  constructor(mtu: number) {
    this.#mtu = mtu
  }

  /** Bytes held back until the rest of their frame arrives. */
  get pending(): number {
    return this.#pending.length
  }

  /** Takes the next bytes of the stream. After a rejection the bytes from the bad prefix on stay pending. */
  push(chunk: Uint8Array): CutFrames {
    const bytes = this.#pending.length === 0 ? chunk : concatBytes(this.#pending, chunk)
    const frames: Uint8Array[] = []
    let at = 0
    let rejected: Rejected<StreamRejection> | undefined
    while (bytes.length - at >= PREFIX_SIZE) {
      const length = frameLength(bytes.subarray(at, at + PREFIX_SIZE), this.#mtu)
      if (!length.ok) {
        rejected = length
        break
      }
      if (bytes.length - at < length.value) break
      frames.push(bytes.slice(at, at + length.value))
      at += length.value
    }
    this.#pending = bytes.slice(at)
    return rejected === undefined ? { frames } : { frames, rejected }
  }

  /** Drops up to `count` pending bytes, to get in step again. */
  skip(count: number): void {
    this.#pending = this.#pending.slice(count)
  }

  /** Forgets what is pending: the stream was opened anew. */
  reset(): void {
    this.#pending = new Uint8Array(0)
  }
}
