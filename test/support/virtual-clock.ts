/** A clock that only moves when told to. */
import type { Clock, Millis } from '../../core/index.ts'

interface Timer {
  readonly at: Millis
  readonly task: () => void
}

export class VirtualClock implements Clock {
  #now: Millis = 0
  /** In the order they were set; among equal instants the earlier set runs first. */
  readonly #timers = new Set<Timer>()

  now(): Millis {
    return this.#now
  }

  after(delay: Millis, task: () => void): () => void {
    const timer = { at: this.#now + Math.max(delay, 0), task }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Moves on by `duration`, running what falls due in order. Promise callbacks do not run in between. */
  advance(duration: Millis): void {
    const end = this.#now + duration
    for (let next = this.#earliest(); next !== undefined && next.at <= end; next = this.#earliest()) {
      this.#timers.delete(next)
      this.#now = next.at
      next.task()
    }
    this.#now = end
  }

  #earliest(): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) if (first === undefined || timer.at < first.at) first = timer
    return first
  }
}
