/** The receiving half of our serial framing: puts cells together, checks the whole, answers what was asked. */
import type { Millis } from '../../core/index.ts'
import {
  crc32,
  encodeCell,
  FRAME_CHECK_BYTES,
  MAX_BODY,
  MAX_UNITS,
  UNIT_BYTES,
  type SerialCell,
} from '../../firmware-proto/index.ts'

/** Frames being put together at once; twice the sender's window. The oldest makes room: its sender will ask again. */
const MAX_PARTIAL = 16

/** Whole frames remembered so that a repeat is answered and not delivered again. The oldest is forgotten. */
const MAX_DONE = 64

type DataCell = Extract<SerialCell, { type: 'data' }>

interface Partial {
  readonly body: Uint8Array
  readonly held: boolean[]
  readonly startedAt: Millis
  length: number | undefined
}

export class CellReceiver {
  readonly #lifetime: Millis
  readonly #partial = new Map<number, Partial>()
  /** Frame id to when it became whole. */
  readonly #done = new Map<number, Millis>()
  readonly #answers = new Map<number, Extract<SerialCell, { type: 'ack' }>>()

  /** `lifetime`: how long a sender may still repeat a frame. */
  constructor(lifetime: Millis) {
    this.#lifetime = lifetime
  }

  /** Takes a cell; gives a frame that it made whole, or why the whole was refused. */
  data(cell: DataCell, now: Millis): Uint8Array | 'frame-crc' | undefined {
    const doneAt = this.#done.get(cell.id)
    if (doneAt !== undefined && now - doneAt <= this.#lifetime) {
      if (cell.ask) this.#answer(cell, ALL_HELD)
      return undefined
    }
    this.#done.delete(cell.id)
    const partial = this.#partialOf(cell.id, now)
    const offset = cell.firstUnit * UNIT_BYTES
    partial.body.set(cell.payload, offset)
    const units = Math.ceil(cell.payload.length / UNIT_BYTES)
    partial.held.fill(true, cell.firstUnit, cell.firstUnit + units)
    if (cell.last) partial.length = offset + cell.payload.length
    const frame = wholeFrame(partial)
    if (frame === undefined) {
      if (cell.ask) this.#answer(cell, partial.held)
      return undefined
    }
    this.#partial.delete(cell.id)
    if (frame === 'frame-crc') {
      // Something wrong slipped past a cell's check: nothing of it is trusted, and the sender starts over.
      if (cell.ask) this.#answer(cell, NONE_HELD)
      return frame
    }
    this.#done.set(cell.id, now)
    for (const id of this.#done.keys()) if (this.#done.size > MAX_DONE) this.#done.delete(id)
    this.#answer(cell, ALL_HELD)
    return frame
  }

  /** The next answer for the line. */
  nextAnswer(): Uint8Array | undefined {
    for (const [id, ack] of this.#answers) {
      this.#answers.delete(id)
      return encodeCell(ack)
    }
    return undefined
  }

  /** The other side has just opened the line: its ids start anew. */
  forget(): void {
    this.#partial.clear()
    this.#done.clear()
    this.#answers.clear()
  }

  /** At most one answer an id waits, the latest. */
  #answer(cell: DataCell, held: readonly boolean[]): void {
    this.#answers.delete(cell.id)
    this.#answers.set(cell.id, { type: 'ack', id: cell.id, round: cell.round, held: [...held] })
  }

  #partialOf(id: number, now: Millis): Partial {
    const known = this.#partial.get(id)
    if (known !== undefined && now - known.startedAt <= this.#lifetime) return known
    this.#partial.delete(id)
    for (const oldest of this.#partial.keys())
      if (this.#partial.size >= MAX_PARTIAL) this.#partial.delete(oldest)
    const fresh: Partial = {
      body: new Uint8Array(MAX_BODY),
      held: Array.from({ length: MAX_UNITS }, () => false),
      startedAt: now,
      length: undefined,
    }
    this.#partial.set(id, fresh)
    return fresh
  }
}

const ALL_HELD: readonly boolean[] = Array.from({ length: MAX_UNITS }, () => true)
const NONE_HELD: readonly boolean[] = Array.from({ length: MAX_UNITS }, () => false)

function wholeFrame({ body, held, length }: Partial): Uint8Array | 'frame-crc' | undefined {
  if (length === undefined || !held.slice(0, Math.ceil(length / UNIT_BYTES)).every(Boolean)) return undefined
  const end = length - FRAME_CHECK_BYTES
  if (end < 1) return 'frame-crc'
  const frame = body.subarray(0, end)
  return crc32(frame) === new DataView(body.buffer).getUint32(end, true) ? frame : 'frame-crc'
}
