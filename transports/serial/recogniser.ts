/**
 * Which of the two framings the other side speaks, told from its bytes. Both de-framers see everything: a cell with a
 * good check is proof of ours; a whole frame of theirs counts until ours has been proven, and afterwards only a
 * handshake does, since a microcontroller that was plugged in instead begins with one.
 */
import type { Millis } from '../../core/index.ts'
import {
  CobsDeframer,
  decodeCell,
  MAX_CELL,
  U16Deframer,
  type SerialCell,
} from '../../firmware-proto/index.ts'

export type Framing = 'cobs' | 'u16'

export interface RecogniserSink {
  /** The other side's framing is known or has changed. Called before what proved it. */
  recognised(framing: Framing): void
  cell(cell: SerialCell): void
  /** Valid during the call. */
  frame(frame: Uint8Array): void
  /** Something on the line was not understood. */
  dropped(reason: string): void
}

/** A microcontroller writes a frame in one go: after such a silence the rest is not coming. */
const FRAME_GAP: Millis = 250

const PHASE_MSG1 = 1

export class Recogniser {
  readonly #forced: Framing | undefined
  readonly #sink: RecogniserSink
  readonly #cobs = new CobsDeframer(MAX_CELL)
  readonly #u16 = new U16Deframer()
  #framing: Framing | undefined
  #lastByteAt: Millis = -Infinity

  /** `forced`: look for this framing only. */
  constructor(forced: Framing | undefined, sink: RecogniserSink) {
    this.#forced = forced
    this.#framing = forced
    this.#sink = sink
  }

  get framing(): Framing | undefined {
    return this.#framing
  }

  push(bytes: Uint8Array, now: Millis): void {
    if (now - this.#lastByteAt > FRAME_GAP) this.#u16.reset()
    this.#lastByteAt = now
    if (this.#forced !== 'u16') this.#pushCobs(bytes)
    if (this.#forced !== 'cobs') this.#pushU16(bytes)
  }

  #pushCobs(bytes: Uint8Array): void {
    const drop = (reason: string): void => {
      if (this.#framing !== 'u16') this.#sink.dropped(reason)
    }
    this.#cobs.push(
      bytes,
      (content) => {
        const cell = decodeCell(content)
        if (!cell.ok) {
          drop(cell.code)
          return
        }
        this.#settle('cobs')
        this.#sink.cell(cell.value)
      },
      drop,
    )
  }

  #pushU16(bytes: Uint8Array): void {
    this.#u16.push(
      bytes,
      (frame) => {
        if (this.#framing === 'cobs' && frame[0] !== PHASE_MSG1) return
        this.#settle('u16')
        this.#sink.frame(frame)
      },
      () => {
        if (this.#framing === 'u16') this.#sink.dropped('skipped-byte')
      },
    )
  }

  #settle(framing: Framing): void {
    if (this.#framing === framing) return
    this.#framing = framing
    this.#sink.recognised(framing)
  }
}
