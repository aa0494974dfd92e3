/** Pacing shared by the subsystems: at most one of something per address (or other key) and interval. */
import type { NodeAddr } from './identity/index.ts'
import type { Millis } from './time.ts'

/**
 * Lets one event per address pass in each interval. Remembers at most `capacity` addresses; when full, the address that
 * passed longest ago is forgotten, so that an attacker with many addresses cannot make us remember without end.
 */
export class IntervalLimiter<Key extends string = NodeAddr> {
  readonly #interval: Millis
  readonly #capacity: number
  /** In the order in which the addresses last passed. */
  readonly #lastPassed = new Map<Key, Millis>()

  constructor(interval: Millis, capacity: number) {
    this.#interval = interval
    this.#capacity = capacity
  }

  /** Whether the event may happen now; if so it counts as having happened. */
  pass(addr: Key, now: Millis): boolean {
    const last = this.#lastPassed.get(addr)
    if (last !== undefined && now - last < this.#interval) return false
    this.#lastPassed.delete(addr)
    if (this.#lastPassed.size >= this.#capacity) this.#forgetOldest()
    this.#lastPassed.set(addr, now)
    return true
  }

  #forgetOldest(): void {
    for (const addr of this.#lastPassed.keys()) {
      this.#lastPassed.delete(addr)
      return
    }
  }
}
