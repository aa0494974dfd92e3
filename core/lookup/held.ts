/**
 * Requests for targets that many ask for. Those beyond what may go at once wait for their turn, one of each neighbour, so
 * that a neighbour that asks all the time gets its share of the turns and not all of them.
 */
import type { NodeAddr } from '../identity/index.ts'
import type { Millis } from '../time.ts'
import { MAX_HELD_OF_ONE, MAX_HELD_REQUESTS } from './limits.ts'
import type { LookupRequest } from './wire.ts'

export interface HeldRequest {
  readonly request: LookupRequest
  readonly from: NodeAddr
}

interface Queue {
  turnAt: Millis
  /** The newest request of each neighbour; whoever has waited longest comes first. */
  readonly waiting: Map<NodeAddr, LookupRequest>
}

export class HeldRequests {
  readonly #queues = new Map<NodeAddr, Queue>()
  readonly #counts = new Map<NodeAddr, number>()
  #size = 0

  get size(): number {
    return this.#size
  }

  waitsFor(target: NodeAddr): boolean {
    return this.#queues.has(target)
  }

  /** Keeps a request for the target's next turn, at `turnAt`. False when there is no room: a newer one then has to come. */
  hold(request: LookupRequest, from: NodeAddr, turnAt: Millis): boolean {
    const queue = this.#queues.get(request.target) ?? { turnAt, waiting: new Map<NodeAddr, LookupRequest>() }
    if (!queue.waiting.has(from)) {
      const count = this.#counts.get(from) ?? 0
      if (this.#size >= MAX_HELD_REQUESTS || count >= MAX_HELD_OF_ONE) return false
      this.#counts.set(from, count + 1)
      this.#size += 1
    }
    this.#queues.set(request.target, queue)
    queue.waiting.set(from, request)
    return true
  }

  /** The request of each target whose turn has come; the next turn is `interval` later. */
  takeDue(now: Millis, interval: Millis): readonly HeldRequest[] {
    const due: HeldRequest[] = []
    for (const [target, queue] of this.#queues) {
      if (now < queue.turnAt) continue
      for (const [from, request] of queue.waiting) {
        due.push({ request, from })
        this.#release(queue, from)
        break
      }
      queue.turnAt = now + interval
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

  #release(queue: Queue, from: NodeAddr): void {
    queue.waiting.delete(from)
    this.#size -= 1
    const left = (this.#counts.get(from) ?? 1) - 1
    if (left > 0) this.#counts.set(from, left)
    else this.#counts.delete(from)
  }
}
