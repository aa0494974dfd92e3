/** Which filters we take, and what we tell a neighbour can be reached through us. */
import type { NodeAddr } from '../identity/index.ts'
import { BloomFilter } from './filter.ts'
import { MAX_FALSE_POSITIVE_RATE } from './limits.ts'
import type { FilterAnnounce } from './wire.ts'

export type FilterVerdict = 'accepted' | 'stale' | 'above-cap'

/**
 * `storedSequence`: of the last filter accepted from this neighbour, 0 when there was none. `maxRate`: the highest
 * false-positive rate that is taken.
 */
export function judgeFilter(
  announce: FilterAnnounce,
  storedSequence: bigint,
  maxRate: number,
): FilterVerdict {
  if (announce.sequence <= storedSequence) return 'stale'
  return announce.filter.falsePositiveRate() > maxRate ? 'above-cap' : 'accepted'
}

/** What a tree neighbour says it reaches. */
export interface Contribution {
  readonly peer: NodeAddr
  readonly filter: BloomFilter
}

export interface OutgoingFilter {
  readonly filter: BloomFilter
  /** Neighbours whose filters did not fit under the cap and were left out. */
  readonly leftOut: readonly NodeAddr[]
}

/**
 * What we announce to `recipient`: `own` (ourselves and the leaves we answer for) and the filters of the other tree
 * neighbours, never the recipient's own back to it. The emptiest are merged first and one that would lift the result over
 * the cap is left out, so that a poisoned filter costs its sender and not everybody behind us. A filter with other
 * hash functions cannot be merged and counts as left out.
 */
export function outgoingFilter(
  own: Iterable<NodeAddr>,
  contributions: Iterable<Contribution>,
  recipient: NodeAddr,
): OutgoingFilter {
  const filter = BloomFilter.of(own)
  const leftOut: NodeAddr[] = []
  for (const { peer, filter: theirs } of emptiestFirst(contributions)) {
    if (peer === recipient) continue
    const isMergeable = theirs.hashCount === filter.hashCount
    if (isMergeable && filter.mergedFalsePositiveRate(theirs) <= MAX_FALSE_POSITIVE_RATE) filter.merge(theirs)
    else leftOut.push(peer)
  }
  return { filter, leftOut }
}

function emptiestFirst(contributions: Iterable<Contribution>): readonly Contribution[] {
  return [...contributions].sort(
    (a, b) => a.filter.setBits() - b.filter.setBits() || (a.peer < b.peer ? -1 : 1),
  )
}
