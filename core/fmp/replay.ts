/**
 * Protection against replayed frames: the counters seen, for the highest one and the `REPLAY_WINDOW` - 1 before it.
 * Check before opening a frame, accept only after it proved authentic, so that a forger cannot move the window.
 */

/** Frames that may overtake each other. As in the reference and in WireGuard; larger is only more memory. */
export const REPLAY_WINDOW = 2048

const WINDOW = BigInt(REPLAY_WINDOW)
const BITS_PER_WORD = 32

export class ReplayWindow {
  #highest = 0n
  /** Bit `counter mod REPLAY_WINDOW` tells whether that counter of the window was seen. */
  readonly #seen = new Uint32Array(REPLAY_WINDOW / BITS_PER_WORD)

  /** The highest counter accepted; 0 also when there was none. */
  get highest(): bigint {
    return this.#highest
  }

  /** Whether a frame with this counter may still be accepted. Changes nothing. */
  check(counter: bigint): boolean {
    if (counter > this.#highest) return true
    if (this.#highest - counter >= WINDOW) return false
    return !this.#has(slotOf(counter))
  }

  /** Records the counter of an authentic frame that passed `check`. */
  accept(counter: bigint): void {
    if (counter > this.#highest) this.#advance(counter)
    const slot = slotOf(counter)
    const word = slot >>> 5
    this.#seen[word] = this.#seen[word]! | (1 << (slot & 31))
  }

  /** Forgets everything, for new keys. */
  reset(): void {
    this.#highest = 0n
    this.#seen.fill(0)
  }

  #advance(counter: bigint): void {
    const step = counter - this.#highest
    if (step >= WINDOW) {
      this.#seen.fill(0)
    } else {
      const start = slotOf(this.#highest)
      for (let i = 1; i <= Number(step); i++) this.#forget((start + i) % REPLAY_WINDOW)
    }
    this.#highest = counter
  }

  #has(slot: number): boolean {
    return (this.#seen[slot >>> 5]! & (1 << (slot & 31))) !== 0
  }

  #forget(slot: number): void {
    const word = slot >>> 5
    this.#seen[word] = this.#seen[word]! & ~(1 << (slot & 31))
  }
}

function slotOf(counter: bigint): number {
  return Number(counter % WINDOW)
}
