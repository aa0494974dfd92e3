/** The arithmetic of measuring: each estimator takes samples and gives a figure. Nothing here knows about frames. */
import { DELAY_TREND_WINDOW, EWMA_LONG_WEIGHT, EWMA_SHORT_WEIGHT, MAX_ETX } from './limits.ts'

/** Interarrival jitter of RFC 3550: moves by a sixteenth of the difference, kept with four fractional bits. */
export class JitterEstimator {
  /** µs times 16. */
  #scaled = 0

  /** `transitDelta`: how much longer this frame travelled than the one before, µs, within 32 bits. */
  update(transitDelta: number): void {
    this.#scaled += Math.abs(transitDelta) - Math.floor(this.#scaled / 16)
  }

  /** µs. */
  get value(): number {
    return Math.floor(this.#scaled / 16) >>> 0
  }
}

/** Round-trip time as RFC 6298 smooths it, in whole µs. */
export class RttEstimator {
  #smoothed: number | undefined
  #variation = 0

  /** `rtt` in µs. */
  update(rtt: number): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = rtt
      this.#variation = Math.floor(rtt / 2)
      return
    }
    const error = Math.abs(this.#smoothed - rtt)
    this.#variation += Math.floor(error / 4) - Math.floor(this.#variation / 4)
    this.#smoothed += Math.floor(rtt / 8) - Math.floor(this.#smoothed / 8)
  }

  /** µs; undefined before the first sample. */
  get smoothed(): number | undefined {
    return this.#smoothed
  }

  /** µs. */
  get variation(): number {
    return this.#variation
  }

  /** Retransmission timeout, µs: never under a second. */
  get timeout(): number {
    return (this.#smoothed ?? 0) + Math.max(4 * this.#variation, MICROS_PER_SECOND)
  }
}

const MICROS_PER_SECOND = 1_000_000

/** A fast and a slow average of the same samples: where they part, there is a trend. */
export class DualEwma {
  #short: number | undefined
  #long = 0

  update(sample: number): void {
    if (this.#short === undefined) {
      this.#short = sample
      this.#long = sample
      return
    }
    this.#short += EWMA_SHORT_WEIGHT * (sample - this.#short)
    this.#long += EWMA_LONG_WEIGHT * (sample - this.#long)
  }

  /** Undefined before the first sample. */
  get short(): number | undefined {
    return this.#short
  }

  get long(): number | undefined {
    return this.#short === undefined ? undefined : this.#long
  }
}

/** Slope of the one-way delay over the last frames, by least squares. */
export class DelayTrend {
  /** A ring; `#next` is where the next sample goes, which is the oldest one once the ring is full. */
  readonly #samples: Float64Array
  #count = 0
  #next = 0

  constructor(window: number = DELAY_TREND_WINDOW) {
    this.#samples = new Float64Array(window)
  }

  /** `delay` in µs with any constant offset. */
  push(delay: number): void {
    const window = this.#samples.length
    this.#samples[this.#next] = delay
    this.#next = (this.#next + 1) % window
    this.#count = Math.min(this.#count + 1, window)
  }

  clear(): void {
    this.#count = 0
    this.#next = 0
  }

  /** µs per second, taking frames to be a millisecond apart; within 32 signed bits. */
  get slope(): number {
    const count = this.#count
    if (count < 2) return 0
    const meanIndex = (count - 1) / 2
    let sum = 0
    for (let index = 0; index < count; index++) sum += this.#sample(index)
    const meanDelay = sum / count
    let covariance = 0
    let variance = 0
    for (let index = 0; index < count; index++) {
      covariance += (index - meanIndex) * (this.#sample(index) - meanDelay)
      variance += (index - meanIndex) ** 2
    }
    const slope = Math.trunc((covariance / variance) * FRAMES_PER_SECOND)
    return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, slope))
  }

  /** Oldest first. */
  #sample(index: number): number {
    const window = this.#samples.length
    return this.#samples[(this.#next - this.#count + index + window) % window]!
  }
}

const FRAMES_PER_SECOND = 1000

/** Expected transmissions per delivered frame, from the delivery ratios (0..1) both ways: 1 to `MAX_ETX`. */
export function etxOf(forward: number, reverse: number): number {
  const product = forward * reverse
  if (product <= 0) return MAX_ETX
  return Math.max(1, Math.min(MAX_ETX, 1 / product))
}

/**
 * The bit that is reflected by the responder and inverted by the initiator on its return, so that it turns once a round
 * trip.
 */
export class SpinBit {
  readonly #initiator: boolean
  #value = false
  #highestCounter = 0
  #lastTurn: number | undefined

  constructor(initiator: boolean) {
    this.#initiator = initiator
  }

  /** What the next frame carries. */
  get value(): boolean {
    return this.#value
  }

  /** New keys: the counters begin anew, and the bit goes on from where it is. */
  rekeyed(): void {
    this.#highestCounter = 0
  }

  /** A frame came with this bit. Returns the round-trip time in ms when the initiator saw its bit come back. */
  observe(bit: boolean, counter: number, now: number): number | undefined {
    if (!this.#initiator) {
      if (counter > this.#highestCounter) {
        this.#highestCounter = counter
        this.#value = bit
      }
      return undefined
    }
    if (bit !== this.#value) return undefined
    const rtt = this.#lastTurn === undefined ? undefined : Math.max(0, now - this.#lastTurn)
    this.#lastTurn = now
    this.#value = !this.#value
    return rtt
  }
}
