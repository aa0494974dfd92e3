/**
 * Protection against replayed frames: the counters seen, for the highest one and the `REPLAY_WINDOW` - 1 before it.
 * Check before opening a frame, accept only after it proved authentic, so that a forger cannot move the window.
 */

/** Frames that may overtake each other. As in the reference and in WireGuard; larger is only more memory. */
export const REPLAY_WINDOW = 2048

const BITS_PER_WORD = 32
const TWO_TO_32: number = 2 ** 32

/** Counters are 64 bits, as two unsigned halves: the data path has them so, and a bigint for each frame costs more than all the rest. */
export class ReplayWindow {
  #high = 0
  #low = 0
  /** Bit `counter mod REPLAY_WINDOW` tells whether that counter of the window was seen. */
  readonly #seen = new Uint32Array(REPLAY_WINDOW / BITS_PER_WORD)

  /** The highest counter accepted; 0 also when there was none. */
  get highest(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low)
  }

  /** Whether a frame with this counter may still be accepted. Changes nothing. */
  check(counter: bigint): boolean {
    return this.checkHalves(highOf(counter), lowOf(counter))
  }

  /** Records the counter of an authentic frame that passed `check`. True when it is later than all before it. */
  accept(counter: bigint): boolean {
    return this.acceptHalves(highOf(counter), lowOf(counter))
  }

  /** `check` of `high * 2^32 + low`. */
  checkHalves(high: number, low: number): boolean {
    const ahead = this.#ahead(high, low)
    if (ahead > 0) return true
    if (-ahead >= REPLAY_WINDOW) return false
    const slot = low % REPLAY_WINDOW
    return (this.#seen[slot >>> 5]! & (1 << (slot & 31))) === 0
  }

  /** `accept` of `high * 2^32 + low`. */
  acceptHalves(high: number, low: number): boolean {
    const ahead = this.#ahead(high, low)
    if (ahead > 0) {
      this.#forget(ahead)
      this.#high = high
      this.#low = low
    }
    const slot = low % REPLAY_WINDOW
    this.#seen[slot >>> 5]! |= 1 << (slot & 31)
    return ahead > 0
  }

  /** Forgets everything, for new keys. */
  reset(): void {
    this.#high = 0
    this.#low = 0
    this.#seen.fill(0)
  }

  /** How far a counter is beyond the highest. Rounded when that is more than 2^53, where only its sign matters. */
  #ahead(high: number, low: number): number {
    return (high - this.#high) * TWO_TO_32 + (low - this.#low)
  }

  /** Makes room for the counters up to `ahead` beyond the highest. */
  #forget(ahead: number): void {
    if (ahead >= REPLAY_WINDOW) {
      this.#seen.fill(0)
      return
    }
    for (let i = 1; i <= ahead; i++) {
      const slot = (this.#low + i) % REPLAY_WINDOW
      this.#seen[slot >>> 5]! &= ~(1 << (slot & 31))
    }
  }
}

function highOf(counter: bigint): number {
  return Number(counter >> 32n)
}

function lowOf(counter: bigint): number {
  return Number(counter & 0xffffffffn)
}
