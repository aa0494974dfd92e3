/** The filters on our links: what each neighbour announced, and what we told each. */
import type { NodeAddr } from '../identity/index.ts'
import type { Contribution, FilterVerdict, OutgoingFilter } from './decide.ts'
import { judgeFilter, outgoingFilter } from './decide.ts'
import { BloomFilter } from './filter.ts'
import { MAX_FALSE_POSITIVE_RATE } from './limits.ts'
import type { FilterAnnounce } from './wire.ts'

/** From so many neighbours on it takes less to unite them all than to merge them for each. */
const MANY = 5

/** Everything that we reach, kept until a filter changes: what each of many neighbours is told is most of it. */
interface Union {
  readonly contributions: readonly Contribution[]
  readonly all: BloomFilter
  /** What is in more than one of the filters. */
  readonly again: BloomFilter
  /** All of it keeps to the cap and has the usual hash functions, and so does every part. */
  readonly isMergeable: boolean
}

function unite(own: Iterable<NodeAddr>, contributions: readonly Contribution[]): Union {
  const all = BloomFilter.of(own)
  const again = BloomFilter.empty()
  const mergeable = contributions.filter(({ filter }) => filter.hashCount === all.hashCount)
  for (const { filter } of mergeable) all.mergeNoting(filter, again)
  const isWhole = mergeable.length === contributions.length
  return {
    contributions,
    all,
    again,
    isMergeable: isWhole && all.falsePositiveRate() <= MAX_FALSE_POSITIVE_RATE,
  }
}

function isOf(union: Union, contributions: readonly Contribution[]): boolean {
  return (
    union.contributions.length === contributions.length &&
    union.contributions.every(({ filter }, i) => filter === contributions[i]?.filter)
  )
}

/** One entry per neighbour, each of two filters (2 KiB); `remove` when it leaves. */
export class FilterState {
  readonly #self: NodeAddr
  readonly #maxInboundRate: number
  /** Addresses behind us that announce nothing themselves: leaves whose link we answer for. */
  readonly #leaves = new Set<NodeAddr>()
  readonly #inbound = new Map<NodeAddr, FilterAnnounce>()
  /** What stands for the filters that have not come. */
  readonly #unheard = new Map<NodeAddr, BloomFilter>()
  readonly #lastSent = new Map<NodeAddr, BloomFilter>()
  readonly #leftOut = new Map<NodeAddr, readonly NodeAddr[]>()
  #union: Union | undefined
  #sequence = 0n

  /** `maxInboundRate`: the highest false-positive rate of a filter that is taken. What we send keeps to the default. */
  constructor(self: NodeAddr, maxInboundRate: number = MAX_FALSE_POSITIVE_RATE) {
    this.#self = self
    this.#maxInboundRate = maxInboundRate
  }

  addLeaf(addr: NodeAddr): void {
    this.#leaves.add(addr)
    this.#union = undefined
  }

  removeLeaf(addr: NodeAddr): void {
    this.#leaves.delete(addr)
    this.#union = undefined
  }

  leaves(): Iterable<NodeAddr> {
    return this.#leaves
  }

  /** Takes a neighbour's announce; only an accepted one changes anything, and only it consumes its sequence. */
  receive(peer: NodeAddr, announce: FilterAnnounce): FilterVerdict {
    const verdict = judgeFilter(announce, this.sequenceOf(peer), this.#maxInboundRate)
    if (verdict === 'accepted') {
      this.#inbound.set(peer, announce)
      this.#unheard.delete(peer)
    }
    return verdict
  }

  /** What a neighbour says it reaches. */
  filterOf(peer: NodeAddr): BloomFilter | undefined {
    return this.#inbound.get(peer)?.filter
  }

  /** Sequence of the last filter accepted from a neighbour; 0 before the first. */
  sequenceOf(peer: NodeAddr): bigint {
    return this.#inbound.get(peer)?.sequence ?? 0n
  }

  /** Forgets a neighbour that left. What we reach has changed for the others. */
  remove(peer: NodeAddr): void {
    this.#inbound.delete(peer)
    this.#unheard.delete(peer)
    this.#lastSent.delete(peer)
    this.#leftOut.delete(peer)
  }

  /** Makes the next `take` send whatever was sent before: the neighbour may have lost it. */
  repeat(peer: NodeAddr): void {
    this.#lastSent.delete(peer)
  }

  /**
   * The announce for a neighbour, given our present tree neighbours; undefined when it would repeat the last one. Once
   * returned it counts as sent.
   */
  take(peer: NodeAddr, treePeers: Iterable<NodeAddr>): FilterAnnounce | undefined {
    const { filter, leftOut } = this.outgoing(peer, treePeers)
    this.#leftOut.set(peer, leftOut)
    if (this.#lastSent.get(peer)?.equals(filter) === true) return undefined
    this.#lastSent.set(peer, filter)
    this.#sequence += 1n
    return { sequence: this.#sequence, filter }
  }

  /** What we would tell a neighbour now. */
  outgoing(peer: NodeAddr, treePeers: Iterable<NodeAddr>): OutgoingFilter {
    const contributions: Contribution[] = []
    for (const treePeer of treePeers) {
      contributions.push({ peer: treePeer, filter: this.filterOf(treePeer) ?? this.#alone(treePeer) })
    }
    const own = [this.#self, ...this.#leaves]
    if (contributions.length < MANY) return outgoingFilter(own, contributions, peer)
    if (this.#union === undefined || !isOf(this.#union, contributions))
      this.#union = unite(own, contributions)
    const { all, again, isMergeable } = this.#union
    if (!isMergeable) return outgoingFilter(own, contributions, peer)
    const theirs = contributions.find((contribution) => contribution.peer === peer)?.filter
    return { filter: all.without(theirs ?? BloomFilter.empty(), again), leftOut: [] }
  }

  /** It may have said what it reaches once and for all, and the line lost it: itself at least can be reached. */
  #alone(peer: NodeAddr): BloomFilter {
    let filter = this.#unheard.get(peer)
    if (filter === undefined) this.#unheard.set(peer, (filter = BloomFilter.of([peer])))
    return filter
  }

  /** Whether a neighbour's filter did not fit into what some other was last told. */
  isLeftOut(peer: NodeAddr): boolean {
    for (const leftOut of this.#leftOut.values()) if (leftOut.includes(peer)) return true
    return false
  }
}
