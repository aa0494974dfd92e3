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

/**
 * Announces waiting to go to neighbours: many reasons to send within an interval make one message. Holds an entry per
 * neighbour it was told of; `remove` when a neighbour leaves.
 */
export class CoalescedSends {
  readonly #interval: Millis
  readonly #pending = new Set<NodeAddr>()
  readonly #lastSent = new Map<NodeAddr, Millis>()

  constructor(interval: Millis) {
    this.#interval = interval
  }

  mark(peer: NodeAddr): void {
    this.#pending.add(peer)
  }

  isPending(peer: NodeAddr): boolean {
    return this.#pending.has(peer)
  }

  isDue(peer: NodeAddr, now: Millis): boolean {
    return this.#pending.has(peer) && now >= this.#dueAt(peer)
  }

  /** The neighbours to send to now. */
  due(now: Millis): NodeAddr[] {
    return [...this.#pending].filter((peer) => now >= this.#dueAt(peer))
  }

  /** It was sent. A neighbour that needs another one is marked again. */
  sent(peer: NodeAddr, now: Millis): void {
    this.#pending.delete(peer)
    this.#lastSent.set(peer, now)
  }

  /** What was pending turned out not to be needed. */
  cancel(peer: NodeAddr): void {
    this.#pending.delete(peer)
  }

  remove(peer: NodeAddr): void {
    this.#pending.delete(peer)
    this.#lastSent.delete(peer)
  }

  /** When the next pending one becomes due. */
  deadline(): Millis | undefined {
    let earliest: Millis | undefined
    for (const peer of this.#pending) {
      const at = this.#dueAt(peer)
      if (earliest === undefined || at < earliest) earliest = at
    }
    return earliest
  }

  #dueAt(peer: NodeAddr): Millis {
    const last = this.#lastSent.get(peer)
    return last === undefined ? -Infinity : last + this.#interval
  }
}
