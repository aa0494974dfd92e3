/** Wall-clock time between the host's reports of it, kept by the monotonic clock. */
import type { Millis, UnixSeconds } from '../time.ts'

const MS_PER_S = 1000

export class WallClock {
  #seconds: UnixSeconds = 0n
  #at: Millis

  constructor(now: Millis) {
    this.#at = now
  }

  set(seconds: UnixSeconds, now: Millis): void {
    this.#seconds = seconds
    this.#at = now
  }

  at(now: Millis): UnixSeconds {
    return this.#seconds + BigInt(Math.max(0, Math.floor((now - this.#at) / MS_PER_S)))
  }
}
