/**
 * The sending half of our serial framing: cuts frames into cells, repeats what the other side has not got, and fits
 * the cells to the line: halved when one is lost, doubled after a while without loss.
 */
import type { Millis } from '../../core/index.ts'
import {
  crc32,
  encodeCell,
  FRAME_CHECK_BYTES,
  MAX_UNITS,
  ROUNDS,
  UNIT_BYTES,
  type SerialCell,
} from '../../firmware-proto/index.ts'

/** Frames begun and not confirmed: keeps the line busy while the first of them waits for its answer. */
const WINDOW = 8

/** Cells in a row without loss before they grow. */
const CLEAN_CELLS_TO_GROW = 16

export interface SenderTimes {
  /** From the last byte of a question to the last of its answer, at most. */
  readonly answer: Millis
  /** A frame older than this is given up. */
  readonly lifetime: Millis
}

interface Flight {
  readonly id: number
  readonly body: Uint8Array
  readonly startedAt: Millis
  /** Units to be sent now, by number. */
  readonly pending: Set<number>
  /** Units the other side is not known to have. */
  readonly missing: Set<number>
  round: number
  cells: number
  lossless: boolean
  /** When the answer to the last question is overdue. */
  dueAt: Millis | undefined
  /** Size of the cells it was last sent in. */
  cellUnits: number
}

/** Time is passed in; the caller asks for bytes when the line has room for them. */
export class CellSender {
  readonly #times: SenderTimes
  readonly #flights = new Map<number, Flight>()
  #nextId: number
  #cellUnits = MAX_UNITS
  #cleanCells = 0
  #abandoned = 0

  /** `firstId`: any byte; random, so that a restart is not taken for repeats. */
  constructor(times: SenderTimes, firstId: number) {
    this.#times = times
    this.#nextId = firstId & 0xff
  }

  /** May another frame be begun? */
  get hasRoom(): boolean {
    return this.#flights.size < WINDOW
  }

  /** Frames given up since the last call. */
  takeAbandoned(): number {
    const count = this.#abandoned
    this.#abandoned = 0
    return count
  }

  /** Begins a frame of at most `SERIAL_MAX_FRAME` bytes; copies it. Call only while `hasRoom`. */
  begin(frame: Uint8Array, now: Millis): void {
    const body = new Uint8Array(frame.length + FRAME_CHECK_BYTES)
    body.set(frame)
    new DataView(body.buffer).setUint32(frame.length, crc32(frame), true)
    const units = Array.from({ length: Math.ceil(body.length / UNIT_BYTES) }, (_, unit) => unit)
    const id = this.#nextId
    this.#nextId = (id + 1) & 0xff
    this.#flights.set(id, {
      id,
      body,
      startedAt: now,
      pending: new Set(units),
      missing: new Set(units),
      round: 0,
      cells: 0,
      lossless: true,
      dueAt: undefined,
      cellUnits: this.#cellUnits,
    })
  }

  /** The next cell for the line, if one is due. `leavesAt` tells when a cell of so many bytes will have left. */
  next(now: Millis, leavesAt: (bytes: number) => Millis): Uint8Array | undefined {
    for (const flight of this.#flights.values()) {
      if (now - flight.startedAt > this.#times.lifetime) {
        this.#flights.delete(flight.id)
        this.#abandoned++
        continue
      }
      if (flight.dueAt !== undefined && flight.dueAt <= now) this.#probe(flight)
      if (flight.pending.size > 0) return this.#cut(flight, leavesAt)
    }
    return undefined
  }

  /** When `next` may have something although nothing new happened. */
  deadline(): Millis | undefined {
    let first: Millis | undefined
    for (const { dueAt, startedAt } of this.#flights.values()) {
      const at = Math.min(dueAt ?? Infinity, startedAt + this.#times.lifetime + 1)
      if (first === undefined || at < first) first = at
    }
    return first
  }

  /** What the other side has. */
  acknowledged(ack: Extract<SerialCell, { type: 'ack' }>): void {
    const flight = this.#flights.get(ack.id)
    if (flight === undefined) return
    for (const [unit, held] of ack.held.entries()) {
      if (!held) continue
      flight.missing.delete(unit)
      flight.pending.delete(unit)
    }
    if (flight.missing.size === 0) {
      this.#flights.delete(flight.id)
      if (flight.lossless) this.#grow(flight.cells)
    } else if (flight.dueAt !== undefined && ack.round === flight.round % ROUNDS) {
      this.#lost(flight)
      for (const unit of flight.missing) flight.pending.add(unit)
    }
  }

  /** No answer came: ask again with one cell, since most likely either all of it is there or nothing. */
  #probe(flight: Flight): void {
    this.#lost(flight)
    const units = this.#cellUnits
    for (const unit of [...flight.missing].toSorted((a, b) => a - b).slice(0, units)) flight.pending.add(unit)
  }

  #cut(flight: Flight, leavesAt: (bytes: number) => Millis): Uint8Array {
    flight.cellUnits = this.#cellUnits
    const first = Math.min(...flight.pending)
    let end = first
    while (flight.pending.has(end) && end - first < this.#cellUnits) flight.pending.delete(end++)
    const ask = flight.pending.size === 0
    if (ask) flight.round++
    const bytes = encodeCell({
      type: 'data',
      id: flight.id,
      firstUnit: first,
      last: end * UNIT_BYTES >= flight.body.length,
      ask,
      round: flight.round % ROUNDS,
      payload: flight.body.subarray(first * UNIT_BYTES, end * UNIT_BYTES),
    })
    flight.cells++
    if (ask) flight.dueAt = leavesAt(bytes.length) + this.#times.answer
    return bytes
  }

  #lost(flight: Flight): void {
    flight.dueAt = undefined
    flight.lossless = false
    this.#cleanCells = 0
    // Several frames hit by one burst halve the cells once: they were all sent in the same size.
    this.#cellUnits = Math.min(this.#cellUnits, Math.max(1, flight.cellUnits >> 1))
  }

  #grow(cells: number): void {
    this.#cleanCells += cells
    if (this.#cleanCells < CLEAN_CELLS_TO_GROW) return
    this.#cleanCells = 0
    this.#cellUnits = Math.min(MAX_UNITS, this.#cellUnits * 2)
  }
}
