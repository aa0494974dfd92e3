/** The spanning tree as the node runs it: announces out and in, the choice of the parent, and what follows from it. */
import type { Coordinates } from '../coordinates.ts'
import { LINK_OVERHEAD } from '../fmp/index.ts'
import type { NodeAddr } from '../identity/index.ts'
import type { Peer } from '../peer/index.ts'
import { KeyedBuckets } from '../token-bucket.ts'
import type { AnnounceFault, LinkFacts, TreeAnnounce } from '../stp/index.ts'
import { TreeState, announceFault, decodeTreeAnnounce, deepestIn, shouldEcho } from '../stp/index.ts'
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
import { NODE } from './context.ts'
import { OwnAnnounce } from './own-announce.ts'

const MS_PER_S = 1000
/** A peer announces itself in one of the first frames of a new link. */
const FIRST_FRAMES = 4n

/** What the tree needs from its surroundings, and whom it tells. */
export interface TreeHost {
  /** Sends a TreeAnnounce; undefined when it could not go. */
  sendAnnounce(peer: Peer, message: Uint8Array, now: Millis): SentAnnounce | undefined
  /** Cost of the link, undefined before it was measured. */
  measuredCost(peer: Peer): number | undefined
  positionChanged(now: Millis): void
  /** A peer became, or ceased to be, parent or child. */
  relationsChanged(now: Millis): void
  /** The peer lost the link without our noticing. */
  peerForgot(peer: Peer, now: Millis): void
  /** The peer said where it is in the tree. */
  announced(peer: Peer, now: Millis): void
  /** The peer is where we cannot follow it in the tree. */
  outOfReach(peer: Peer, now: Millis): void
  /** This peer has just been told that it is our parent. */
  parentTold(peer: Peer, now: Millis): void
  /** The peer announced what no honest node can. */
  violated(peer: Peer, now: Millis): void
}

const KIND: AnnounceKind = {
  sendTimer: 'tree-announce',
  resendTimer: 'tree-resend',
  state: (peer) => peer.up?.tree,
  resendMs: (peer) => peer.timers.announceResendMs,
}

const FAULT_COUNTER = {
  'address-mismatch': 'addrMismatch',
  'bad-signature': 'sigFailed',
  'root-with-ancestors': 'ancestryInvalid',
  'no-ancestors': 'ancestryInvalid',
  'parent-mismatch': 'ancestryInvalid',
  'root-not-minimum': 'ancestryInvalid',
  'too-deep': 'tooDeep',
} as const satisfies Record<AnnounceFault, string>

export class Tree {
  readonly #ctx: NodeContext
  readonly #host: TreeHost
  readonly #state: TreeState
  readonly #inbound = new KeyedBuckets(INBOUND_BURST, INBOUND_PER_SECOND)
  readonly #own: OwnAnnounce
  /** The one neighbour that a leaf tells where it is. */
  #upstream: NodeAddr | undefined

  constructor(ctx: NodeContext, host: TreeHost, now: Millis) {
    const { tree } = ctx.config
    this.#ctx = ctx
    this.#host = host
    this.#state = new TreeState(ctx.identity.nodeAddr, ctx.wallClock(now), {
      hysteresis: tree.parentHysteresis,
      damping: {
        holdDown: tree.holdDownSecs * MS_PER_S,
        flapThreshold: tree.flapThreshold,
        flapWindow: tree.flapWindowSecs * MS_PER_S,
        flapDamping: tree.flapDampeningSecs * MS_PER_S,
      },
    })
    this.#own = new OwnAnnounce(ctx, this.#state)
    this.#scheduleReevaluation(now)
  }

  get coordinates(): Coordinates {
    return this.#state.coordinates
  }

  get parent(): NodeAddr {
    return this.#state.parent
  }

  get isRoot(): boolean {
    return this.#state.isRoot
  }

  get sequence(): bigint {
    return this.#state.declaration.sequence
  }

  coordinatesOf(peer: NodeAddr): Coordinates | undefined {
    return this.#state.coordinatesOf(peer)
  }

  isTreePeer(peer: NodeAddr): boolean {
    return this.#state.isTreePeer(peer)
  }

  isChild(peer: NodeAddr): boolean {
    return this.#state.isChild(peer)
  }

  linkUp(peer: Peer, now: Millis): void {
    owe(this.#ctx, KIND, peer, now, now)
    this.announceDue(peer, now)
  }

  linkDown(addr: NodeAddr, now: Millis): void {
    this.#forget(addr, now)
  }

  receive(peer: Peer, message: Uint8Array, now: Millis): void {
    const { counters, crypto, config } = this.#ctx
    counters.tree.received += 1
    if (!this.#inbound.take(peer.addr, now)) {
      counters.tree.flooded += 1
      return
    }
    this.#noteForgetting(peer, now)
    const decoded = decodeTreeAnnounce(message)
    if (!decoded.ok) {
      counters.tree.decodeError += 1
      return
    }
    const announce = decoded.value
    if (announce.declaration.node === peer.addr && !this.#state.isFresh(announce.declaration)) {
      counters.tree.stale += 1
      return
    }
    const fault = announceFault(announce, peer.addr, peer.publicKey, crypto, config.tree.maxDepth)
    if (fault !== undefined) {
      counters.tree[FAULT_COUNTER[fault]] += 1
      // The depth cap is ours, and an honest tree may outgrow it. Where the peer was before it is no more.
      if (fault === 'too-deep') this.#tooDeep(peer, now)
      else this.#host.violated(peer, now)
      return
    }
    this.#state.update(announce, now)
    counters.tree.accepted += 1
    this.#host.announced(peer, now)
    this.#noteLoop(peer, announce)
    if (this.#provesOurs(announce)) {
      confirm(this.#ctx, KIND, peer)
      cancel(this.#ctx, KIND, peer)
    }
    const sequenceBefore = this.sequence
    this.evaluate(now)
    this.#checkRelation(peer, now)
    if (this.sequence === sequenceBefore) this.#echo(peer, announce, now)
  }

  /** Looks for the best parent with what is known now. */
  evaluate(now: Millis): void {
    const { counters, wallClock, timers } = this.#ctx
    const facts = this.#facts()
    const change = this.#state.evaluate(facts, wallClock(now), now)
    const suppressedUntil = this.#state.suppressedUntil(now)
    if (suppressedUntil !== undefined) timers.setNoLater('reevaluate', NODE, suppressedUntil)
    const newUpstream = this.#ctx.config.leafOnly && this.#chooseUpstream(facts)
    if (change === undefined) {
      if (newUpstream) this.#oweToAll(now)
      return
    }
    this.#own.renew()
    if (change.parentChanged) counters.tree.parentSwitches += 1
    else counters.tree.ancestryChanged += 1
    if (change.damped) counters.tree.flapDampened += 1
    if (change.parentChanged || change.rootChanged) this.#report()
    this.#host.positionChanged(now)
    this.#oweToAll(now)
    for (const peer of this.#ctx.peers.values()) this.#checkRelation(peer, now)
  }

  /** The regular look at the costs, with a repeat of our announce for whoever missed it. */
  reevaluate(now: Millis): void {
    this.#scheduleReevaluation(now)
    this.evaluate(now)
    const interval = this.#ctx.config.tree.reevalIntervalSecs * MS_PER_S
    if (interval === 0) return
    for (const peer of this.#ctx.peers.values()) {
      const sentAt = peer.up?.tree.lastSentAt
      if (peer.timers.reports && sentAt !== undefined && now - sentAt >= interval) this.#oweTo(peer, now)
    }
  }

  /** The timer of an owed announce. */
  announceDue(peer: Peer, now: Millis): void {
    const { up } = peer
    if (up === undefined || !takeDue(this.#ctx, KIND, peer, now) || !this.#mayTell(peer)) return
    const isCut = this.#isCutFor(peer)
    const sent = this.#host.sendAnnounce(peer, isCut ? this.#own.cut() : this.#own.whole(), now)
    if (sent === undefined) {
      this.#ctx.counters.tree.sendFailed += 1
      return
    }
    this.#ctx.counters.tree.sent += 1
    if (isCut) this.#ctx.counters.tree.pathsCut += 1
    up.isToldCut = isCut
    noteSent(this.#ctx, KIND, peer, sent, now)
    const isParent = !this.isRoot && this.parent === peer.addr
    const isNews = isParent && !up.isToldParent
    up.isToldParent = isParent
    if (isNews) this.#host.parentTold(peer, now)
  }

  resendDue(peer: Peer, now: Millis): void {
    if (repeat(this.#ctx, KIND, peer, now)) this.announceDue(peer, now)
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

  #oweToAll(now: Millis): void {
    for (const peer of this.#ctx.peers.values()) this.#oweTo(peer, now)
  }

  #oweTo(peer: Peer, now: Millis): void {
    if (peer.up === undefined) return
    if (owe(this.#ctx, KIND, peer, now, now)) this.#ctx.counters.tree.rateLimited += 1
    this.announceDue(peer, now)
  }

  /** A peer that follows a larger root than ours may have missed our announce; one that is on its way gets time first. */
  #echo(peer: Peer, announce: TreeAnnounce, now: Millis): void {
    const theirRoot = announce.ancestry.at(-1)?.node
    if (peer.up === undefined || theirRoot === undefined || !shouldEcho(theirRoot, this.#state.root)) return
    const earliest = (peer.up.tree.lastSentAt ?? now) + peer.timers.handshakeResendMs
    owe(this.#ctx, KIND, peer, Math.max(now, earliest), now)
  }

  /** A leaf offers itself to nobody as a way to others. */
  #mayTell(peer: Peer): boolean {
    return !this.#ctx.config.leafOnly || peer.addr === this.#upstream
  }

  /**
   * The parent of a leaf; and where its address is the smallest, so that by the rules of the others it has to be the root, the one
   * neighbour through which the tree hangs on it: nothing passes a root that has one child. It stays as long as its link,
   * for what it was told cannot be taken back. True when it is another one than before.
   */
  #chooseUpstream(facts: LinkFacts): boolean {
    const before = this.#upstream
    if (!this.isRoot) this.#upstream = this.parent
    else if (before === undefined || this.coordinatesOf(before) === undefined)
      this.#upstream = this.#state.upstream(facts)
    return this.#upstream !== before
  }

  /** Our parent knows the path, and of the others only those need to that can take their place below us and tell us so. */
  #isCutFor(peer: Peer): boolean {
    return !this.isRoot && peer.addr !== this.parent && this.coordinates.length > deepestFor(peer)
  }

  #tooDeep(peer: Peer, now: Millis): void {
    if (this.coordinatesOf(peer.addr) === undefined) return
    this.#forget(peer.addr, now)
    this.#host.outOfReach(peer, now)
  }

  #forget(addr: NodeAddr, now: Millis): void {
    if (!this.isRoot && this.parent === addr) this.#ctx.counters.tree.parentLosses += 1
    const wasTreePeer = this.isTreePeer(addr)
    this.#state.remove(addr)
    this.evaluate(now)
    if (wasTreePeer) this.#host.relationsChanged(now)
  }

  #checkRelation(peer: Peer, now: Millis): void {
    if (peer.up === undefined) return
    const isTreePeer = this.isTreePeer(peer.addr)
    if (isTreePeer === peer.up.wasTreePeer) return
    peer.up.wasTreePeer = isTreePeer
    this.#host.relationsChanged(now)
  }

  /** A child that carries our present declaration in its path has received it. */
  #provesOurs(announce: TreeAnnounce): boolean {
    const above = announce.ancestry[1]
    return above?.node === this.#ctx.identity.nodeAddr && above.sequence === this.sequence
  }

  /** Whoever announces itself right behind new keys has most likely begun anew, and knows nothing of us. */
  #noteForgetting(peer: Peer, now: Millis): void {
    const isFirst = (peer.keys.current?.replay.highest ?? 0n) < FIRST_FRAMES
    if (peer.up === undefined || now >= peer.up.mayHaveForgottenUntil || !isFirst) return
    peer.up.mayHaveForgottenUntil = now
    this.#host.peerForgot(peer, now)
  }

  #noteLoop(peer: Peer, announce: TreeAnnounce): void {
    const self = this.#ctx.identity.nodeAddr
    const loops = announce.ancestry.some((entry) => entry.node === self)
    if (loops && peer.addr === this.parent) this.#ctx.counters.tree.loopDetected += 1
  }

  #facts(): LinkFacts {
    const costs = new Map<NodeAddr, number>()
    const silent = new Set<NodeAddr>()
    const deepest = new Map<NodeAddr, number>()
    for (const peer of this.#ctx.peers.values()) {
      const cost = peer.up === undefined ? undefined : this.#host.measuredCost(peer)
      if (cost !== undefined) costs.set(peer.addr, cost)
      if (peer.up?.isSilent === true) silent.add(peer.addr)
      if (peer.up !== undefined) deepest.set(peer.addr, deepestFor(peer))
    }
    return { costs, silent, deepest, skip: new Set() }
  }

  #report(): void {
    const { parent, root, coordinates } = this.#state
    const depth = coordinates.length - 1
    this.#ctx.emit({ type: 'event', event: { type: 'parent-changed', parent, root, depth } })
  }

  #scheduleReevaluation(now: Millis): void {
    const seconds = this.#ctx.config.tree.reevalIntervalSecs
    if (seconds > 0) this.#ctx.timers.set('reevaluate', NODE, now + seconds * MS_PER_S)
  }
}

/** The deepest place that one end of a link can tell the other of. */
function deepestFor({ transport, timers }: Peer): number {
  return Math.min(timers.announceDepth, deepestIn(transport.mtu - LINK_OVERHEAD))
}
