/** A null-modem cable with a true line speed, on a virtual clock: noise, a cut in mid byte stream, an unplugged end. */
import { randomBelow, randomUnit, SeededRng, type Clock, type Millis } from '../../core/index.ts'
import { PipeError, type BytePipe, type PipeOpener, type PipeSink } from '../../firmware-proto/index.ts'

const BITS_PER_BYTE = 10
/** Bytes that arrive in one piece. */
const CHUNK = 16

export class SerialCable {
  readonly clock: Clock
  readonly baud: number
  /** Probability that a byte arrives as another one. */
  corruption = 0
  /** While true, what is sent is lost. */
  cut = false
  readonly #rng: SeededRng
  readonly #ends: [CableEnd | undefined, CableEnd | undefined] = [undefined, undefined]
  readonly #present: [boolean, boolean] = [true, true]
  readonly written: [number, number] = [0, 0]

  constructor(clock: Clock, baud: number, seed = 1) {
    this.clock = clock
    this.baud = baud
    this.#rng = new SeededRng(seed)
  }

  opener(side: 0 | 1): PipeOpener {
    return async () => {
      if (!this.#present[side]) throw new PipeError('not-found', `There is no port end-${side}.`)
      if (this.#ends[side] !== undefined) throw new PipeError('busy', `Port end-${side} is in use.`)
      const end = new CableEnd(`end-${side}`, this, side)
      this.#ends[side] = end
      return end
    }
  }

  unplug(side: 0 | 1): void {
    this.#present[side] = false
    const end = this.#ends[side]
    this.#ends[side] = undefined
    end?.vanish()
  }

  plug(side: 0 | 1): void {
    this.#present[side] = true
  }

  release(side: 0 | 1, end: CableEnd): void {
    if (this.#ends[side] === end) this.#ends[side] = undefined
  }

  carry(from: 0 | 1, bytes: Uint8Array): void {
    this.written[from] += bytes.length
    if (this.cut) return
    const arriving = bytes.map((byte) =>
      this.corruption > 0 && randomUnit(this.#rng) < this.corruption
        ? byte ^ (1 + randomBelow(this.#rng, 255))
        : byte,
    )
    this.#ends[from === 0 ? 1 : 0]?.arrive(arriving)
  }
}

export class CableEnd implements BytePipe {
  readonly name: string
  readonly #cable: SerialCable
  readonly #side: 0 | 1
  #sink: PipeSink | undefined
  #early: Uint8Array[] = []
  #freeAt: Millis = 0
  #closed = false

  constructor(name: string, cable: SerialCable, side: 0 | 1) {
    this.name = name
    this.#cable = cable
    this.#side = side
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed) return false
    const { clock, baud } = this.#cable
    for (let at = 0; at < bytes.length; at += CHUNK) {
      const piece = Uint8Array.from(bytes.subarray(at, at + CHUNK))
      this.#freeAt = Math.max(this.#freeAt, clock.now()) + (piece.length * BITS_PER_BYTE * 1000) / baud
      clock.after(this.#freeAt - clock.now(), () => {
        if (!this.#closed) this.#cable.carry(this.#side, piece)
      })
    }
    return true
  }

  start(sink: PipeSink): void {
    this.#sink = sink
    const early = this.#early
    this.#early = []
    this.#cable.clock.after(0, () => {
      for (const bytes of early) if (!this.#closed) sink.data(bytes)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cable.release(this.#side, this)
  }

  arrive(bytes: Uint8Array): void {
    if (this.#closed) return
    if (this.#sink === undefined) this.#early.push(bytes)
    else this.#sink.data(bytes)
  }

  vanish(): void {
    this.#closed = true
    this.#cable.clock.after(0, () => this.#sink?.closed('unplugged'))
  }
}
