/** Traffic of the host waiting for a session: bounded by destination, by number and by age. */
import type { NodeAddr } from '../identity/index.ts'
import type { Millis } from '../time.ts'

/** What the host gave us to send. */
export type HostTraffic =
  | { readonly type: 'packet'; readonly packet: Uint8Array }
  | {
      readonly type: 'datagram'
      readonly sourcePort: number
      readonly destinationPort: number
      readonly payload: Uint8Array
    }

interface Held {
  readonly traffic: HostTraffic
  readonly expiresAt: Millis
}

export class PendingTraffic {
  readonly #queues = new Map<NodeAddr, Held[]>()
  readonly #maxDestinations: number

  /**
   * A destination too many is refused, so that a scan of addresses cannot push out what waits for a real one.
   */
  constructor(maxDestinations: number) {
    this.#maxDestinations = maxDestinations
  }

  get destinations(): number {
    return this.#queues.size
  }

  get items(): number {
    let count = 0
    for (const queue of this.#queues.values()) count += queue.length
    return count
  }

  has(to: NodeAddr): boolean {
    return this.#queues.has(to)
  }

  waiting(): Iterable<NodeAddr> {
    return this.#queues.keys()
  }

  /** Of more than `limit` items for one destination the oldest gives way: newer ones are the likelier to be wanted still. */
  hold(
    to: NodeAddr,
    traffic: HostTraffic,
    limit: number,
    expiresAt: Millis,
  ): 'held' | 'held-dropping-oldest' | 'refused' {
    let queue = this.#queues.get(to)
    if (queue === undefined) {
      if (this.#queues.size >= this.#maxDestinations) return 'refused'
      queue = []
      this.#queues.set(to, queue)
    }
    const full = queue.length >= limit
    if (full) queue.shift()
    queue.push({ traffic, expiresAt })
    return full ? 'held-dropping-oldest' : 'held'
  }

  /** Everything that waits for `to`, in order of arrival; nothing waits afterwards. */
  release(to: NodeAddr): readonly HostTraffic[] {
    const queue = this.#queues.get(to)
    this.#queues.delete(to)
    return queue?.map((held) => held.traffic) ?? []
  }

  /** Takes out what has waited too long. */
  expire(now: Millis): { readonly to: NodeAddr; readonly traffic: HostTraffic }[] {
    const expired: { to: NodeAddr; traffic: HostTraffic }[] = []
    for (const [to, queue] of this.#queues) {
      let kept = queue
      if (queue.some((held) => held.expiresAt <= now)) {
        for (const held of queue) if (held.expiresAt <= now) expired.push({ to, traffic: held.traffic })
        kept = queue.filter((held) => held.expiresAt > now)
        if (kept.length === 0) this.#queues.delete(to)
        else this.#queues.set(to, kept)
      }
    }
    return expired
  }

  nextExpiry(): Millis | undefined {
    let next: Millis | undefined
    for (const queue of this.#queues.values())
      for (const held of queue) if (next === undefined || held.expiresAt < next) next = held.expiresAt
    return next
  }
}
