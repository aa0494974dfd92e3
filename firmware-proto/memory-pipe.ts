/**
 * A byte stream between two ends in one process, on any clock: the fake to test drivers against, and the wire
 * between a driver and an emulated modem.
 */
import type { Clock, Millis } from '../core/index.ts'
import type { BytePipe, PipeSink } from './pipe.ts'

/** `write` returns false above this many undelivered bytes, as a serial driver's buffer would. */
const HIGH_WATER = 16_384
const LOW_WATER = 4096

export interface MemoryPipeOptions {
  readonly names?: readonly [string, string]
  /** Line speed in bytes per second (115200 baud: 11520); instant by default. */
  readonly bytesPerSecond?: number
}

/** Two connected ends. Closing one hangs up the other; what was in flight then is lost. */
export function memoryPipePair(clock: Clock, options: MemoryPipeOptions = {}): readonly [BytePipe, BytePipe] {
  const [first, second] = options.names ?? ['memory:a', 'memory:b']
  const a = new MemoryPipe(clock, first, options.bytesPerSecond)
  const b = new MemoryPipe(clock, second, options.bytesPerSecond)
  a.connect(b)
  b.connect(a)
  return [a, b]
}

class MemoryPipe implements BytePipe {
  readonly name: string
  readonly #clock: Clock
  readonly #msPerByte: Millis
  #peer: MemoryPipe | undefined
  #sink: PipeSink | undefined
  #open = true
  #hungUp: string | undefined
  readonly #arrived: Uint8Array[] = []
  /** Bytes written here that the other end has not taken yet. */
  #inFlight = 0
  #blocked = false
  #lineFreeAt: Millis = 0
  #delivering = false

  constructor(clock: Clock, name: string, bytesPerSecond: number | undefined) {
    this.#clock = clock
    this.name = name
    this.#msPerByte = bytesPerSecond === undefined ? 0 : 1000 / bytesPerSecond
  }

  connect(peer: MemoryPipe): void {
    this.#peer = peer
  }

  write(bytes: Uint8Array): boolean {
    const peer = this.#peer
    if (!this.#open || peer === undefined || this.#hungUp !== undefined) return false
    if (bytes.length > 0) {
      const copy = bytes.slice()
      const now = this.#clock.now()
      this.#lineFreeAt = Math.max(now, this.#lineFreeAt) + copy.length * this.#msPerByte
      this.#inFlight += copy.length
      this.#clock.after(this.#lineFreeAt - now, () => peer.arrive(copy))
    }
    if (this.#inFlight > HIGH_WATER) this.#blocked = true
    return !this.#blocked
  }

  start(sink: PipeSink): void {
    this.#sink = sink
    this.#schedule()
  }

  close(): Promise<void> {
    if (this.#open) {
      this.#open = false
      this.#arrived.length = 0
      this.#peer?.hangUp('the other end closed')
    }
    return Promise.resolve()
  }

  arrive(bytes: Uint8Array): void {
    if (!this.#open) return
    this.#arrived.push(bytes)
    if (this.#sink !== undefined) this.#deliver()
  }

  hangUp(reason: string): void {
    if (!this.#open || this.#hungUp !== undefined) return
    this.#hungUp = reason
    this.#schedule()
  }

  #schedule(): void {
    this.#clock.after(0, () => this.#deliver())
  }

  #deliver(): void {
    if (this.#delivering || this.#sink === undefined) return
    this.#delivering = true
    while (this.#open) {
      const bytes = this.#arrived.shift()
      if (bytes === undefined) break
      this.#peer?.taken(bytes.length)
      this.#sink.data(bytes)
    }
    this.#delivering = false
    if (this.#open && this.#hungUp !== undefined) {
      this.#open = false
      this.#sink.closed(this.#hungUp)
    }
  }

  taken(length: number): void {
    this.#inFlight -= length
    if (!this.#blocked || this.#inFlight > LOW_WATER) return
    this.#blocked = false
    this.#clock.after(0, () => {
      if (this.#open) this.#sink?.drained()
    })
  }
}
