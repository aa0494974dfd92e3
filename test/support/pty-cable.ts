/** Two pseudo-terminals joined by a null-modem cable of a true line speed, in real time, that can be noisy or cut. */
import { performance } from 'node:perf_hooks'
import { randomBelow, randomUnit, SeededRng } from '../../core/index.ts'
import type { BytePipe } from '../../firmware-proto/index.ts'
import { openPty } from '../../gateway/pipes/index.ts'

const BITS_PER_BYTE = 10
const TICK_MS = 2

export class PtyCable {
  /** Devices of the two ends. */
  readonly paths: readonly [string, string]
  /** Probability that a byte arrives as another one. */
  corruption = 0
  /** While true, what is sent is lost. */
  cut = false
  readonly #pipes: readonly [BytePipe, BytePipe]
  readonly #rng = new SeededRng(5)
  readonly #timers: readonly NodeJS.Timeout[]

  constructor(baud: number) {
    const [left, right] = [openPty(), openPty()]
    this.paths = [left.path, right.path]
    this.#pipes = [left.pipe, right.pipe]
    this.#timers = [this.#carry(left.pipe, right.pipe, baud), this.#carry(right.pipe, left.pipe, baud)]
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await Promise.all(this.#pipes.map((pipe) => pipe.close()))
  }

  /** What an end writes waits here for its time on the line; the ends pace themselves, so it stays short. */
  #carry(from: BytePipe, to: BytePipe, baud: number): NodeJS.Timeout {
    const waiting: number[] = []
    let credit = 0
    let last = performance.now()
    from.start({ data: (bytes) => waiting.push(...bytes), drained: () => {}, closed: () => {} })
    return setInterval(() => {
      const now = performance.now()
      credit += ((now - last) * baud) / BITS_PER_BYTE / 1000
      last = now
      const bytes = Uint8Array.from(waiting.splice(0, Math.floor(credit)))
      // An idle line saves nothing up.
      credit = waiting.length === 0 ? Math.min(credit - bytes.length, 1) : credit - bytes.length
      if (bytes.length > 0 && !this.cut) to.write(bytes.map((byte) => this.#noisy(byte)))
    }, TICK_MS)
  }

  #noisy(byte: number): number {
    const hit = this.corruption > 0 && randomUnit(this.#rng) < this.corruption
    return hit ? byte ^ (1 + randomBelow(this.#rng, 255)) : byte
  }
}
