/**
 * A serial line between two programs: two pseudo-terminals joined in this process, each direction as fast as the
 * baud rate and no faster. Bytes can be damaged on the way, and the line can be cut in the middle of a frame and
 * joined again without either end noticing, as a cable can.
 *
 *   const line = new SerialLine({ baud: 115_200, seed: 1 })
 *   ... two programs open line.ports[0] and line.ports[1] ...
 */
import { SeededRng, randomBelow, randomUnit } from '../../core/index.ts'
import type { BytePipe } from '../../firmware-proto/index.ts'
import { openPty } from '../../gateway/pipes/index.ts'

/** Start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10
/** How often bytes arrive; a late timer is made up for, so the rate holds on a busy machine. */
const STEP_MS = 4

export interface SerialLineOptions {
  /** Bits per second, each way. */
  readonly baud: number
  readonly seed: number
}

export class SerialLine {
  /** Devices of the two ends. */
  readonly ports: readonly [string, string]
  /** Probability that a byte arrives as another one. */
  corruption = 0
  readonly #wires: readonly [Wire, Wire]
  readonly #pipes: readonly BytePipe[]
  #isCut = false

  constructor({ baud, seed }: SerialLineOptions) {
    const [a, b] = [openPty(), openPty()]
    const rng = new SeededRng(seed)
    const damage = (byte: number): number =>
      this.corruption > 0 && randomUnit(rng) < this.corruption ? byte ^ (1 + randomBelow(rng, 255)) : byte
    const passes = (): boolean => !this.#isCut
    this.ports = [a.path, b.path]
    this.#pipes = [a.pipe, b.pipe]
    this.#wires = [new Wire(b.pipe, baud, damage, passes), new Wire(a.pipe, baud, damage, passes)]
    a.pipe.start(listen(this.#wires[0]))
    b.pipe.start(listen(this.#wires[1]))
  }

  /** Bytes that have left each end, damaged and lost ones too. */
  get carried(): readonly [number, number] {
    return [this.#wires[0].carried, this.#wires[1].carried]
  }

  /** Cuts both directions once end 0 has sent `bytes` more of what it is sending; what follows is lost. */
  cutAfter(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wires[0].at(bytes, () => {
        this.#isCut = true
        resolve()
      })
    })
  }

  join(): void {
    this.#isCut = false
  }

  /** Hangs up both programs. */
  async close(): Promise<void> {
    for (const wire of this.#wires) wire.stop()
    await Promise.all(this.#pipes.map((pipe) => pipe.close()))
  }
}

/** One direction. */
class Wire {
  carried = 0
  readonly #to: BytePipe
  readonly #msPerByte: number
  readonly #damage: (byte: number) => number
  readonly #passes: () => boolean
  #queue: Uint8Array[] = []
  /** When the last byte that left has arrived, or when the line stood idle until. */
  #freeAt = 0
  #timer: NodeJS.Timeout | undefined
  #mark: { readonly at: number; readonly reached: () => void } | undefined

  constructor(to: BytePipe, baud: number, damage: (byte: number) => number, passes: () => boolean) {
    this.#to = to
    this.#msPerByte = (BITS_PER_BYTE * 1000) / baud
    this.#damage = damage
    this.#passes = passes
  }

  send(bytes: Uint8Array): void {
    if (this.#queue.length === 0) this.#freeAt = Math.max(this.#freeAt, performance.now())
    this.#queue.push(Uint8Array.from(bytes))
    this.#timer ??= setTimeout(() => this.#step(), STEP_MS)
  }

  /** Calls `reached` when `bytes` more have left and others wait behind them. */
  at(bytes: number, reached: () => void): void {
    this.#mark = { at: this.carried + bytes, reached }
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#queue = []
  }

  #step(): void {
    this.#timer = undefined
    let due = Math.floor((performance.now() - this.#freeAt) / this.#msPerByte)
    while (due > 0) {
      const [first] = this.#queue
      if (first === undefined) break
      const piece = first.subarray(0, due)
      if (piece.length < first.length) this.#queue[0] = first.subarray(piece.length)
      else this.#queue.shift()
      due -= piece.length
      this.#freeAt += piece.length * this.#msPerByte
      this.#deliver(piece)
    }
    if (this.#queue.length > 0) this.#timer = setTimeout(() => this.#step(), STEP_MS)
  }

  #deliver(bytes: Uint8Array): void {
    const mark = this.#mark
    const isCutHere = mark !== undefined && mark.at < this.carried + bytes.length
    const before = isCutHere ? Math.max(0, mark.at - this.carried) : bytes.length
    this.carried += bytes.length
    if (this.#passes()) this.#to.write(bytes.subarray(0, before).map(this.#damage))
    if (!isCutHere) return
    this.#mark = undefined
    mark.reached()
    if (this.#passes()) this.#to.write(bytes.subarray(before).map(this.#damage))
  }
}

function listen(wire: Wire): Parameters<BytePipe['start']>[0] {
  return { data: (bytes) => wire.send(bytes), drained: () => {}, closed: () => wire.stop() }
}
