/** A bad medium on purpose: loss, corruption, duplication, reordering and delay of what is sent, from a seed. */
import {
  randomBelow,
  randomUnit,
  SeededRng,
  type Clock,
  type FrameClass,
  type Millis,
  type TransportAddr,
} from '../../core/index.ts'
import type { SendResult, Transport } from '../transport.ts'
import { TransportWrapper } from './wrapper.ts'

/** Probabilities are per frame, 0..1, independent, default 0. Both directions suffer when both ends are wrapped. */
export interface FaultOptions {
  readonly clock: Clock
  /** Same seed, same faults. */
  readonly seed: number
  /** Never arrives. */
  readonly loss?: number
  /** Arrives with one bit flipped. */
  readonly corrupt?: number
  /** Arrives twice. */
  readonly duplicate?: number
  /** Arrives `REORDER_DELAY` later than its successors. */
  readonly reorder?: number
  /** Added to every frame. */
  readonly delay?: Millis
}

/** Long enough for a frame sent right after to overtake. */
const REORDER_DELAY: Millis = 20

/** Frames held back for delay or reordering; beyond it `send` answers `full`. */
const MAX_HELD = 4096

/** What happened to a frame is not in the answer of `send`: a lost one reads `sent`, one held back `queued`. */
export function withFaults(transport: Transport, options: FaultOptions): Transport {
  return new FaultyTransport(transport, options)
}

class FaultyTransport extends TransportWrapper {
  readonly #options: FaultOptions
  readonly #rng: SeededRng
  readonly #held = new Set<() => void>()

  constructor(inner: Transport, options: FaultOptions) {
    super(inner)
    this.#options = options
    this.#rng = new SeededRng(options.seed)
  }

  override send(to: TransportAddr, frame: Uint8Array, frameClass: FrameClass): SendResult {
    const { loss = 0, corrupt = 0, duplicate = 0, reorder = 0, delay = 0 } = this.#options
    if (frame.length > this.mtu) return this.inner.send(to, frame, frameClass)
    if (this.#hits(loss)) return 'sent'
    const damaged = this.#hits(corrupt) ? this.#flipBit(frame) : frame
    const wait = delay + (this.#hits(reorder) ? REORDER_DELAY : 0)
    const copies = this.#hits(duplicate) ? 2 : 1
    let result: SendResult = 'full'
    for (let copy = 0; copy < copies; copy++) {
      const one =
        wait > 0 ? this.#hold(wait, to, damaged, frameClass) : this.inner.send(to, damaged, frameClass)
      if (copy === 0) result = one
    }
    return result
  }

  override async close(): Promise<void> {
    for (const cancel of this.#held) cancel()
    this.#held.clear()
    await super.close()
  }

  #hits(probability: number): boolean {
    return probability > 0 && randomUnit(this.#rng) < probability
  }

  #flipBit(frame: Uint8Array): Uint8Array {
    const copy = Uint8Array.from(frame)
    if (copy.length === 0) return copy
    const bit = randomBelow(this.#rng, copy.length * 8)
    copy[bit >>> 3] = (copy[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
    return copy
  }

  #hold(wait: Millis, to: TransportAddr, frame: Uint8Array, frameClass: FrameClass): SendResult {
    if (this.#held.size >= MAX_HELD) return 'full'
    const copy = Uint8Array.from(frame)
    const cancel = this.#options.clock.after(wait, () => {
      this.#held.delete(cancel)
      this.inner.send(to, copy, frameClass)
    })
    this.#held.add(cancel)
    return 'queued'
  }
}
