/**
 * KISS framing, as RNode and MeshCore modems speak it: frames between FENDs, a command byte first, two byte values
 * escaped inside.
 *
 *   C0 | command u8 | payload, C0 -> DB DC, DB -> DB DD | C0
 *
 * A FEND both ends a frame and may start the next; empty frames are fill.
 */

export const FEND = 0xc0
export const FESC = 0xdb
export const TFEND = 0xdc
export const TFESC = 0xdd

/** One whole frame with its own FENDs at both ends. */
export function encodeKiss(command: number, payload: Uint8Array): Uint8Array {
  let escapes = 0
  for (const byte of payload) if (byte === FEND || byte === FESC) escapes++
  const out = new Uint8Array(payload.length + escapes + 3)
  out[0] = FEND
  out[1] = command
  let at = 2
  for (const byte of payload) {
    if (byte === FEND || byte === FESC) {
      out[at++] = FESC
      out[at++] = byte === FEND ? TFEND : TFESC
    } else {
      out[at++] = byte
    }
  }
  out[at] = FEND
  return out
}

/** Why bytes were thrown away. */
export interface KissDrops {
  /** Frames longer than the bound. */
  oversize: number
  /** Frames with an escape that is none. */
  badEscape: number
}

/**
 * Incremental de-framer: the same frames whatever the chunks. It holds at most one frame of `maxPayload` bytes;
 * a longer or damaged one is dropped and counted, and the next FEND starts afresh.
 */
export class KissDeframer {
  readonly drops: KissDrops = { oversize: 0, badEscape: 0 }
  /** Command byte, then the payload. */
  readonly #frame: Uint8Array
  #length = 0
  #escaped = false
  #skipping = false
  readonly #sink: (command: number, payload: Uint8Array) => void

  /** `sink` gets a view that is valid only during the call. */
  constructor(maxPayload: number, sink: (command: number, payload: Uint8Array) => void) {
    this.#frame = new Uint8Array(maxPayload + 1)
    this.#sink = sink
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) this.#byte(byte)
  }

  /** Forgets a frame begun, for a fresh connection. */
  reset(): void {
    this.#length = 0
    this.#escaped = false
    this.#skipping = false
  }

  #byte(byte: number): void {
    if (byte === FEND) {
      if (this.#escaped) this.drops.badEscape++
      else if (!this.#skipping && this.#length > 0) this.#deliver()
      this.reset()
    } else if (this.#skipping) {
      return
    } else if (this.#escaped) {
      this.#escaped = false
      if (byte === TFEND) this.#append(FEND)
      else if (byte === TFESC) this.#append(FESC)
      else {
        this.drops.badEscape++
        this.#skipping = true
      }
    } else if (byte === FESC && this.#length > 0) {
      this.#escaped = true
    } else {
      this.#append(byte)
    }
  }

  #append(byte: number): void {
    if (this.#length === this.#frame.length) {
      this.drops.oversize++
      this.#skipping = true
      return
    }
    this.#frame[this.#length++] = byte
  }

  #deliver(): void {
    const length = this.#length
    this.#length = 0
    this.#sink(this.#frame[0] ?? 0, this.#frame.subarray(1, length))
  }
}
