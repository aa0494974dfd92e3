/**
 * Datagrams that left the way of the positions here a moment ago. While the tree is in a ring, or filters are old, such a
 * datagram may come back; it is known again and goes no further round.
 */
import { hex } from '../bytes.ts'
import type { SessionDatagram } from '../fsp/index.ts'
import type { Millis } from '../time.ts'

/** Less than the time after which an end repeats a message that was lost: the copy comes by a way of its own. */
const TURN_MS: Millis = 900
/** Beyond this the one seen longest ago is forgotten, and takes another turn. */
const MAX_REMEMBERED = 1024
/** The end of what is sealed is its tag. */
const TAIL_SIZE = 16

export class Circles {
  /** In the order in which they were seen first. */
  readonly #seen = new Map<string, { readonly ttl: number; readonly at: Millis }>()

  /** Whether the datagram was here before and has travelled since. If not, it counts as seen now. */
  isClosed({ source, destination, ttl, payload }: SessionDatagram, now: Millis): boolean {
    const key = `${source} ${destination} ${hex(payload.subarray(-TAIL_SIZE))}`
    const before = this.#seen.get(key)
    if (before !== undefined && ttl < before.ttl && now < before.at + TURN_MS) return true
    this.#seen.delete(key)
    this.#seen.set(key, { ttl, at: now })
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= MAX_REMEMBERED) break
      this.#seen.delete(oldest)
    }
    return false
  }
}
