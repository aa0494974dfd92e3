/** How often ICMPv6 errors go to one source, so that a flood of bad packets is not answered with another. */
import type { Millis } from '../../core/index.ts'

/** At most ten a second to one source, the reference's rate. */
const MIN_INTERVAL: Millis = 100

/** Sources remembered: a host has few addresses. Those whose interval is over go first, then the oldest. */
const MAX_SOURCES = 256

export class ErrorLimit {
  readonly #lastSent = new Map<string, Millis>()

  /** True, and counted, when an error may go to `source` now. */
  take(source: Uint8Array, now: Millis): boolean {
    const key = Buffer.from(source).toString('hex')
    const last = this.#lastSent.get(key)
    if (last !== undefined && now - last < MIN_INTERVAL) return false
    this.#lastSent.delete(key)
    if (this.#lastSent.size >= MAX_SOURCES) this.#forget(now)
    this.#lastSent.set(key, now)
    return true
  }

  /** Entries are in the order of their times, so the first are the oldest. */
  #forget(now: Millis): void {
    for (const [key, last] of this.#lastSent) {
      if (now - last < MIN_INTERVAL && this.#lastSent.size < MAX_SOURCES) return
      this.#lastSent.delete(key)
    }
  }
}
