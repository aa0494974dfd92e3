/**
 * What many want of one target at the same time: some of it goes at once, and then so much a second. What is beyond
 * waits for its turn, the newest of each neighbour, whoever waited longest first: a neighbour that asks all the time gets
 * its share of the turns and not all of them.
 */
import type { NodeAddr } from './identity/index.ts'
import { KeyedBuckets } from './token-bucket.ts'
import type { Millis } from './time.ts'

const BURST = 20
const PER_SECOND = 10
/**
 * Between the turns of those that wait. A little longer than that rate has it, so that the next node on the way, which
 * measures it by frames that may have been held up, lets all of them pass.
 */
const TURN_MS: Millis = 105
/** What waits at once, and of one neighbour. When full the new one is refused. */
const MAX_WAITING = 512
const MAX_WAITING_OF_ONE = 128

export interface Waiting<Item> {
  readonly item: Item
  readonly from: NodeAddr
}

interface Queue<Item> {
  turnAt: Millis
  /** Whoever has waited longest comes first. */
  readonly waiting: Map<NodeAddr, Item>
}

export class Crowds<Item> {
  readonly #buckets = new KeyedBuckets(BURST, PER_SECOND)
  readonly #queues = new Map<NodeAddr, Queue<Item>>()
  readonly #counts = new Map<NodeAddr, number>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Whether something for the target may go now; if not, `hold` it. */
  take(target: NodeAddr, now: Millis): boolean {
    return !this.#queues.has(target) && this.#buckets.take(target, now)
  }

  /** Keeps an item until its turn, in place of an older one of the same neighbour. False when there is no room. */
  hold(target: NodeAddr, from: NodeAddr, item: Item, now: Millis): boolean {
    const queue = this.#queues.get(target) ?? { turnAt: now + TURN_MS, waiting: new Map<NodeAddr, Item>() }
    if (!queue.waiting.has(from)) {
      const count = this.#counts.get(from) ?? 0
      if (this.#size >= MAX_WAITING || count >= MAX_WAITING_OF_ONE) return false
      this.#counts.set(from, count + 1)
      this.#size += 1
    }
    this.#queues.set(target, queue)
    queue.waiting.set(from, item)
    return true
  }

  /** One item of each target whose turn has come. */
  takeDue(now: Millis): readonly Waiting<Item>[] {
    const due: Waiting<Item>[] = []
    for (const [target, queue] of this.#queues) {
      if (now < queue.turnAt) continue
      const [next] = queue.waiting
      if (next !== undefined) {
        const [from, item] = next
        due.push({ item, from })
        this.#release(queue, from)
        // A turn counts like anything else, or whoever comes after the last of them would find room for a burst.
        this.#buckets.take(target, now)
      }
      queue.turnAt = now + TURN_MS
      if (queue.waiting.size === 0) this.#queues.delete(target)
    }
    return due
  }

  deadline(): Millis | undefined {
    let earliest: Millis | undefined
    for (const { turnAt } of this.#queues.values()) {
      if (earliest === undefined || turnAt < earliest) earliest = turnAt
    }
    return earliest
  }

  #release(queue: Queue<Item>, from: NodeAddr): void {
    queue.waiting.delete(from)
    this.#size -= 1
    const left = (this.#counts.get(from) ?? 1) - 1
    if (left > 0) this.#counts.set(from, left)
    else this.#counts.delete(from)
  }
}
