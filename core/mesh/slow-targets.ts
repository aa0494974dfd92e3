/**
 * Nodes whose lookup or handshake took long to come back: a hint, before the next handshake is timed, that their path
 * crosses a radio and that greeting them every second would only fill it.
 */
import type { NodeAddr } from '../identity/index.ts'
import { SLOW_ANSWER_MS } from '../session/index.ts'
import type { Millis } from '../time.ts'

/** The one noted longest ago is forgotten; its first handshake is then impatient. */
const MAX_SLOW_TARGETS = 1024

export class SlowTargets {
  readonly #slow = new Set<NodeAddr>()

  /** `roundTripMs`: from the request to its answer. */
  noteLookup(target: NodeAddr, roundTripMs: Millis): void {
    this.note(target, roundTripMs >= SLOW_ANSWER_MS)
  }

  note(target: NodeAddr, isSlow: boolean): void {
    this.#slow.delete(target)
    if (!isSlow) return
    this.#slow.add(target)
    for (const oldest of this.#slow) {
      if (this.#slow.size <= MAX_SLOW_TARGETS) break
      this.#slow.delete(oldest)
    }
  }

  has(target: NodeAddr): boolean {
    return this.#slow.has(target)
  }
}
