/** The reachability filters as the node runs them: what we reach goes to every peer, changed content only. */
import type { BloomFilter } from '../bloom/index.ts'
import { FilterState, decodeFilterAnnounce, encodeFilterAnnounce } from '../bloom/index.ts'
import type { NodeAddr } from '../identity/index.ts'
import type { Peer } from '../peer/index.ts'
import { KeyedBuckets } from '../token-bucket.ts'
import type { Millis } from '../time.ts'
import type { AnnounceKind, SentAnnounce } from './announces.ts'
import {
  cancel,
  confirm,
  INBOUND_BURST,
  INBOUND_PER_SECOND,
  isLost,
  noteSent,
  owe,
  repeat,
  repeatLost,
  takeDue,
} from './announces.ts'
import type { NodeContext } from './context.ts'

export interface FilterHost {
  /** Sends a FilterAnnounce; undefined when it could not go. */
  sendAnnounce(peer: Peer, message: Uint8Array, now: Millis): SentAnnounce | undefined
  isTreePeer(addr: NodeAddr): boolean
  isParent(addr: NodeAddr): boolean
}

const KIND: AnnounceKind = {
  sendTimer: 'filter-announce',
  resendTimer: 'filter-resend',
  state: (peer) => peer.up?.filter,
  resendMs: (peer) => peer.timers.filterResendMs,
}

export class Filters {
  readonly #ctx: NodeContext
  readonly #host: FilterHost
  readonly #state: FilterState
  readonly #inbound = new KeyedBuckets(INBOUND_BURST, INBOUND_PER_SECOND)
  #sentSequence = 0n

  constructor(ctx: NodeContext, host: FilterHost) {
    this.#ctx = ctx
    this.#host = host
    // Pacing is per link profile and done here; the state only compares content.
    this.#state = new FilterState(ctx.identity.nodeAddr, ctx.config.bloom.maxInboundFpr)
  }

  /** Sequence of the last announce sent to anyone. */
  get sequence(): bigint {
    return this.#sentSequence
  }

  filterOf(peer: NodeAddr): BloomFilter | undefined {
    return this.#state.filterOf(peer)
  }

  /** Whether what it announced is kept from the others, because it would make ours useless. */
  isLeftOut(peer: NodeAddr): boolean {
    return this.#state.isLeftOut(peer)
  }

  sequenceOf(peer: NodeAddr): bigint {
    return this.#state.sequenceOf(peer)
  }

  /** What we tell `peer`, or would tell a peer nobody knows: everything that we reach. */
  outgoing(peer: NodeAddr): BloomFilter {
    return this.#state.outgoing(peer, this.#treePeers()).filter
  }

  linkUp(peer: Peer, now: Millis): void {
    this.#oweTo(peer, now)
  }

  /** From now on the peer is reached through us alone: everybody but itself is told. */
  addLeaf(peer: Peer, now: Millis): void {
    this.#state.addLeaf(peer.addr)
    cancel(this.#ctx, KIND, peer)
    confirm(this.#ctx, KIND, peer)
    this.changed(now)
  }

  /** The peer speaks for itself after all, and is told what it was not told as a leaf. */
  removeLeaf(peer: Peer, now: Millis): void {
    this.#state.removeLeaf(peer.addr)
    this.changed(now)
    this.sendAgain(peer, now)
  }

  leaves(): Iterable<NodeAddr> {
    return this.#state.leaves()
  }

  linkDown(addr: NodeAddr, now: Millis): void {
    this.#state.remove(addr)
    this.#state.removeLeaf(addr)
    this.changed(now)
  }

  /** What we reach may be something else now. Nothing is sent to whoever would hear the same again. */
  changed(now: Millis): void {
    for (const peer of this.#ctx.peers.values()) this.#oweTo(peer, now)
  }

  /**
   * The peer has just learnt that it is our parent. What it had from us before it may have taken for a stranger's and
   * left out of what it passes on, so it gets our filter again, behind the announce that made it our parent.
   */
  sendAgain(peer: Peer, now: Millis): void {
    this.#state.repeat(peer.addr)
    this.#oweTo(peer, now)
  }

  receive(peer: Peer, message: Uint8Array, now: Millis): void {
    const { counters } = this.#ctx
    counters.bloom.received += 1
    if (!this.#inbound.take(peer.addr, now)) {
      counters.bloom.flooded += 1
      return
    }
    const decoded = decodeFilterAnnounce(message)
    if (!decoded.ok) {
      const isOtherVersion = decoded.code === 'unsupported-size-class'
      counters.bloom[isOtherVersion ? 'nonV1' : 'decodeError'] += 1
      return
    }
    const announce = decoded.value
    const before = this.#state.filterOf(peer.addr)
    switch (this.#state.receive(peer.addr, announce)) {
      case 'stale':
        counters.bloom.stale += 1
        return
      case 'above-cap':
        counters.bloom.fillExceeded += 1
        return
      case 'accepted':
        counters.bloom.accepted += 1
        break
    }
    const isNews = before === undefined || !before.equals(announce.filter)
    if (isNews && this.#host.isTreePeer(peer.addr)) this.changed(now)
  }

  /** The timer of an owed announce. */
  announceDue(peer: Peer, now: Millis): void {
    const { up } = peer
    if (up?.filter.isPending !== true) return
    // The tree comes first: the receiver merges our filter only once it knows us as its parent or child.
    if (up.tree.isPending) {
      this.#ctx.timers.set('filter-announce', peer.addr, Math.max(up.tree.pacing.readyAt(now), now + 1))
      return
    }
    if (takeDue(this.#ctx, KIND, peer, now)) this.#send(peer, now)
    else this.#ctx.counters.bloom.debounceSuppressed += 1
  }

  resendDue(peer: Peer, now: Millis): void {
    if (!repeat(this.#ctx, KIND, peer, now)) return
    this.#state.repeat(peer.addr)
    this.announceDue(peer, now)
  }

  /** The medium confirms a frame. */
  delivered(peer: Peer, counter: bigint): void {
    if (KIND.state(peer)?.unconfirmed?.counter === counter) confirm(this.#ctx, KIND, peer)
  }

  /** The medium gave up on a frame. */
  lost(peer: Peer, counter: bigint, now: Millis): void {
    if (KIND.state(peer)?.unconfirmed?.counter === counter) repeatLost(this.#ctx, KIND, peer, now)
  }

  /** What the peer's report tells of our announce on its way. */
  reported(peer: Peer, highest: bigint, missing: bigint, now: Millis): void {
    if (isLost(this.#ctx, KIND, peer, highest, missing)) this.resendDue(peer, now)
  }

  #send(peer: Peer, now: Millis): void {
    const { counters } = this.#ctx
    const announce = this.#state.take(peer.addr, this.#treePeers())
    if (announce === undefined) return
    const sent = this.#host.sendAnnounce(peer, encodeFilterAnnounce(announce), now)
    if (sent === undefined) {
      counters.bloom.sendFailed += 1
      this.#state.repeat(peer.addr)
      return
    }
    this.#sentSequence = announce.sequence
    counters.bloom.sent += 1
    noteSent(this.#ctx, KIND, peer, sent, now)
  }

  /** A filter is owed once things are quiet: each further change puts it off, up to a limit. */
  #oweTo(peer: Peer, now: Millis): void {
    const { up, timers } = peer
    // A leaf sends everything to us whatever we reach.
    if (up === undefined || up.isLeaf) return
    const since = up.filter.isPending ? up.filter.pendingSince : now
    const quietMs = this.#host.isParent(peer.addr) ? timers.filterQuietMs : timers.filterDownQuietMs
    const quietAt = Math.min(now + quietMs, since + timers.filterHoldMs)
    const at = Math.max(quietAt, up.since + timers.filterSettleMs)
    owe(this.#ctx, KIND, peer, at, now)
    this.#ctx.timers.set(KIND.sendTimer, peer.addr, Math.max(at, up.filter.pacing.readyAt(now)))
  }

  /** Those that we reach others through: a leaf carries nothing for anybody, so it reaches itself alone. */
  #treePeers(): readonly NodeAddr[] {
    const addrs: NodeAddr[] = []
    if (this.#ctx.config.leafOnly) return addrs
    for (const peer of this.#ctx.peers.values()) {
      if (peer.up !== undefined && this.#host.isTreePeer(peer.addr)) addrs.push(peer.addr)
    }
    return addrs
  }
}
