/**
 * What was last heard of every node on the paths of the neighbours. A path names its nodes with the sequence of their
 * declarations; where one of them has declared anew since, the path is what it was and not what it is. Without this a root that
 * is gone lives on in paths that each node has from another, ever longer ones, until they are too long.
 */
import type { NodeAddr } from '../identity/index.ts'
import type { Millis } from '../time.ts'
import type { AncestryEntry } from './wire.ts'

/** The node heard of anew longest ago is forgotten, and its old paths are believed again. */
const MAX_NODES = 4096
/** Nobody signs a path: a lie about one of its nodes, or the lower clock of one that was started anew, counts no longer than this. */
const MEMORY: Millis = 60_000

interface Heard extends Pick<AncestryEntry, 'sequence' | 'timestamp'> {
  readonly at: Millis
}

export class LatestDeclarations {
  /** In the order in which something new was heard. */
  readonly #heard = new Map<NodeAddr, Heard>()

  note(ancestry: readonly AncestryEntry[], now: Millis): void {
    for (const { node, sequence, timestamp } of ancestry) {
      const before = this.#heard.get(node)
      if (before !== undefined && isBefore({ sequence, timestamp }, before) && now < before.at + MEMORY)
        continue
      if (before?.sequence === sequence && before.timestamp === timestamp) continue
      this.#heard.delete(node)
      this.#heard.set(node, { sequence, timestamp, at: now })
    }
    for (const oldest of this.#heard.keys()) {
      if (this.#heard.size <= MAX_NODES) break
      this.#heard.delete(oldest)
    }
  }

  isOutdated(ancestry: readonly AncestryEntry[], now: Millis): boolean {
    return ancestry.some((entry) => {
      const heard = this.#heard.get(entry.node)
      return heard !== undefined && now < heard.at + MEMORY && isBefore(entry, heard)
    })
  }
}

/** A node that was started anew counts from 1 again, at a later time. */
function isBefore(
  a: Pick<AncestryEntry, 'sequence' | 'timestamp'>,
  b: Pick<AncestryEntry, 'sequence' | 'timestamp'>,
): boolean {
  return a.sequence < b.sequence && a.timestamp <= b.timestamp
}
