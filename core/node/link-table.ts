/** Peers coming and going: the one place where a link is created, comes up, changes its keys and ends. */
import { equalBytes } from '../bytes.ts'
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import type { LinkId } from '../link.ts'
import type { LinkPath, LinkSession, LinkTimers } from '../peer/index.ts'
import { Peer, rekeyDelay } from '../peer/index.ts'
import { TokenBucket } from '../token-bucket.ts'
import type { Millis } from '../time.ts'
import type { NodeContext } from './context.ts'

/** Who has to know. A restart of the peer is a `linkDown` followed by a `linkUp`. */
export interface LinkEvents {
  linkUp(peer: Peer, now: Millis): void
  /** The peer is already out of the table, except on a restart. */
  linkDown(peer: Peer, reason: string, now: Millis): void
  /** Counters begin anew under the new keys. */
  keysChanged(peer: Peer, now: Millis): void
  /** The peer lost the link and came back before we noticed: what it was told is to be told again. */
  peerForgot(peer: Peer, now: Millis): void
}

const MS_PER_S = 1000

export class LinkTable {
  readonly #ctx: NodeContext
  readonly #events: LinkEvents
  #lastLinkId: LinkId = 0

  constructor(ctx: NodeContext, events: LinkEvents) {
    this.#ctx = ctx
    this.#events = events
  }

  /** Peers whose link is up. */
  get upCount(): number {
    let count = 0
    for (const peer of this.#ctx.peers.values()) if (peer.up !== undefined) count++
    return count
  }

  /** The peer, created when it is new. Undefined when its transport is down or the table is full. */
  open(addr: NodeAddr, publicKey: PublicKey, path: LinkPath, now: Millis): Peer | undefined {
    const ctx = this.#ctx
    const known = ctx.peers.get(addr)
    if (known !== undefined) return known
    const transport = ctx.transports.get(path.transportId)?.info
    if (transport === undefined || ctx.peers.size >= ctx.config.limits.maxLinks) return undefined
    this.#lastLinkId += 1
    const peer = new Peer({
      addr,
      publicKey: publicKey.slice(),
      linkId: this.#lastLinkId,
      path,
      transport,
      timers: ctx.linkTimers[transport.profile],
      release: (session) => ctx.indexes.free(session.ourIndex),
      now,
    })
    ctx.peers.set(addr, peer)
    return peer
  }

  /** Moves a peer to another path. False when its transport is down. */
  moveTo(peer: Peer, path: LinkPath): boolean {
    const transport = this.#ctx.transports.get(path.transportId)?.info
    if (transport === undefined) return false
    const timers = this.#ctx.linkTimers[transport.profile]
    if (peer.up !== undefined && timers !== peer.timers) pace(peer.up, timers)
    peer.path = path
    peer.transport = transport
    peer.timers = timers
    return true
  }

  /** Makes `session` the one the peer is sent to under: a new link, a restart, or new keys. */
  install(peer: Peer, session: LinkSession, path: LinkPath, now: Millis): void {
    const { timers, counters, rng } = this.#ctx
    if (peer.up !== undefined && !equalBytes(peer.up.epoch, session.remoteEpoch)) {
      counters.handshake.peerRestarts += 1
      this.#goDown(peer, 'restarted', now)
      peer.keys.endDrain()
    }
    const isTurned = peer.keys.current?.keyEpoch !== session.keyEpoch
    peer.keys.promote(session)
    // A handshake over another medium has moved the link there.
    if (path.transportId !== peer.path.transportId) this.moveTo(peer, path)
    if (peer.up !== undefined) {
      // It may have been a slower one.
      timers.setNoLater('dead', peer.addr, now + peer.timers.deadMs)
      timers.setNoLater('heartbeat', peer.addr, now + peer.timers.heartbeatMs)
    }
    timers.set('rekey', peer.addr, now + rekeyDelay(peer.timers, rng))
    if (peer.up !== undefined) {
      if (isTurned) {
        counters.handshake.rekeyCompleted += 1
        this.#ctx.emit({ type: 'event', event: { type: 'rekeyed', peer: peer.addr } })
      }
      this.#events.keysChanged(peer, now)
      if (!session.isInitiator) this.#noteForgetting(peer, isTurned, now)
      return
    }
    this.moveTo(peer, path)
    peer.up = this.#freshState(peer, session, now)
    peer.lastReceivedAt = now
    counters.handshake.completed += 1
    timers.set('heartbeat', peer.addr, now + peer.timers.heartbeatMs)
    // Both ends announce themselves on a new link: one on which nothing is heard has come up at this end alone.
    const { deadMs, handshakeTimeoutMs } = peer.timers
    timers.set('dead', peer.addr, now + Math.min(deadMs, handshakeTimeoutMs))
    this.#ctx.emit({
      type: 'event',
      event: {
        type: 'peer-up',
        peer: peer.addr,
        publicKey: peer.publicKey,
        linkId: peer.linkId,
        transportId: peer.path.transportId,
        addr: peer.path.addr,
        initiator: session.isInitiator,
      },
    })
    this.#events.linkUp(peer, now)
  }

  /** Ends a link and everything about the peer, handshakes included. */
  drop(peer: Peer, reason: string, now: Millis): void {
    const wasUp = peer.up !== undefined
    this.endAttempt(peer)
    peer.keys.clear()
    this.#ctx.timers.clearAll(peer.addr, 'dial')
    this.#ctx.peers.delete(peer.addr)
    if (wasUp) this.#goDown(peer, reason, now)
  }

  /** Forgets a peer that has neither link nor handshake. */
  dropIfIdle(peer: Peer, now: Millis): void {
    if (peer.up === undefined && peer.attempt === undefined && peer.keys.isEmpty) this.drop(peer, 'idle', now)
  }

  /** Ends our handshake with a peer. Its index stays when it now belongs to the session. */
  endAttempt(peer: Peer): void {
    const { timers, indexes } = this.#ctx
    const attempt = peer.attempt
    if (attempt === undefined) return
    peer.attempt = undefined
    if (indexes.owner(attempt.ourIndex)?.type === 'attempt') indexes.free(attempt.ourIndex)
    timers.clear('handshake-resend', peer.addr)
    timers.clear('handshake-timeout', peer.addr)
  }

  /** A rekey turns the K bit; a link that begins anew starts without it. Two first handshakes that crossed do too. */
  #noteForgetting(peer: Peer, isTurned: boolean, now: Millis): void {
    const { up, timers } = peer
    if (up === undefined || now - up.since < timers.crossingPatienceMs) return
    if (isTurned) up.mayHaveForgottenUntil = now + timers.crossingPatienceMs
    else this.#events.peerForgot(peer, now)
  }

  #goDown(peer: Peer, reason: string, now: Millis): void {
    peer.up = undefined
    peer.lastHeartbeatAt = undefined
    this.#ctx.emit({
      type: 'event',
      event: { type: 'peer-down', peer: peer.addr, linkId: peer.linkId, reason },
    })
    this.#events.linkDown(peer, reason, now)
  }

  #freshState(peer: Peer, session: LinkSession, now: Millis): UpState {
    return {
      since: now,
      epoch: session.remoteEpoch,
      isInitiator: session.isInitiator,
      heardAt: undefined,
      isSilent: false,
      tree: announceState(treePacing(peer.timers)),
      filter: announceState(filterPacing(peer.timers)),
      isToldParent: false,
      isToldCut: false,
      mayHaveForgottenUntil: now,
      isLeaf: false,
      isRekeyFutile: false,
      wasTreePeer: false,
    }
  }
}

type UpState = NonNullable<Peer['up']>

/** A link over another kind of medium is as talkative as that allows. */
function pace(up: UpState, timers: LinkTimers): void {
  up.tree.pacing = treePacing(timers)
  up.filter.pacing = filterPacing(timers)
}

function treePacing({ announceBurst, announceIntervalMs }: LinkTimers): TokenBucket {
  return new TokenBucket(announceBurst, MS_PER_S / Math.max(announceIntervalMs, 1))
}

function filterPacing({ filterBurst, filterIntervalMs }: LinkTimers): TokenBucket {
  return new TokenBucket(filterBurst, MS_PER_S / Math.max(filterIntervalMs, 1))
}

function announceState(pacing: TokenBucket): UpState['tree'] {
  return {
    pacing,
    isPending: false,
    pendingSince: -Infinity,
    lastSentAt: undefined,
    unconfirmed: undefined,
    resends: 0,
    losses: 0,
  }
}
