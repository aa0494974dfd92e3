/** The filters on our links: what each neighbour announced, and what we told each. */
import type { NodeAddr } from '../identity/index.ts'
import type { Contribution, FilterVerdict } from './decide.ts'
import { judgeFilter, outgoingFilter } from './decide.ts'
import type { BloomFilter } from './filter.ts'
import { MAX_FALSE_POSITIVE_RATE } from './limits.ts'
import type { FilterAnnounce } from './wire.ts'

/** One entry per neighbour, each of two filters (2 KiB); `remove` when it leaves. */
export class FilterState {
  readonly #self: NodeAddr
  readonly #maxInboundRate: number
  /** Addresses behind us that announce nothing themselves: leaves whose link we answer for. */
  readonly #leaves = new Set<NodeAddr>()
  readonly #inbound = new Map<NodeAddr, FilterAnnounce>()
  readonly #lastSent = new Map<NodeAddr, BloomFilter>()
  readonly #leftOut = new Map<NodeAddr, readonly NodeAddr[]>()
  #sequence = 0n

  /** `maxInboundRate`: the highest false-positive rate of a filter that is taken. What we send keeps to the default. */
  constructor(self: NodeAddr, maxInboundRate: number = MAX_FALSE_POSITIVE_RATE) {
    this.#self = self
    this.#maxInboundRate = maxInboundRate
  }

  addLeaf(addr: NodeAddr): void {
    this.#leaves.add(addr)
  }

  removeLeaf(addr: NodeAddr): void {
    this.#leaves.delete(addr)
  }

  leaves(): Iterable<NodeAddr> {
    return this.#leaves
  }

  /** Takes a neighbour's announce; only an accepted one changes anything, and only it consumes its sequence. */
  receive(peer: NodeAddr, announce: FilterAnnounce): FilterVerdict {
    const verdict = judgeFilter(announce, this.sequenceOf(peer), this.#maxInboundRate)
    if (verdict === 'accepted') this.#inbound.set(peer, announce)
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
  outgoing(peer: NodeAddr, treePeers: Iterable<NodeAddr>): ReturnType<typeof outgoingFilter> {
    const contributions: Contribution[] = []
    for (const treePeer of treePeers) {
      const filter = this.filterOf(treePeer)
      if (filter !== undefined) contributions.push({ peer: treePeer, filter })
    }
    return outgoingFilter([this.#self, ...this.#leaves], contributions, peer)
  }

  /** Whether a neighbour's filter did not fit into what some other was last told. */
  isLeftOut(peer: NodeAddr): boolean {
    for (const leftOut of this.#leftOut.values()) if (leftOut.includes(peer)) return true
    return false
  }
}
