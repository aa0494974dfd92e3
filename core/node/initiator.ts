/** Our side of the handshakes we start: for a new link, and for new keys of a standing one. */
import { encodeMsg1 } from '../fmp/index.ts'
import type { Msg2Frame } from '../fmp/index.ts'
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import { IkInitiator } from '../noise/index.ts'
import type { Attempt, LinkPath, Peer } from '../peer/index.ts'
import { CROSSING_WINDOW, LinkSession, mayRekey, rekeyDelay, resendDelay, usesAnswer } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { NodeContext } from './context.ts'
import type { LinkTable } from './link-table.ts'
import { transmit } from './transmit.ts'

const SECRET_BYTES = 32

export class Initiator {
  readonly #ctx: NodeContext
  readonly #links: LinkTable
  readonly #dialFailed: (addr: NodeAddr, now: Millis) => void

  /** `dialFailed` is called when a handshake for a new link came to nothing. */
  constructor(ctx: NodeContext, links: LinkTable, dialFailed: (addr: NodeAddr, now: Millis) => void) {
    this.#ctx = ctx
    this.#links = links
    this.#dialFailed = dialFailed
  }

  /** Sends msg1 to a peer without a link. False when a bound or a missing transport forbids it. */
  dial(addr: NodeAddr, publicKey: PublicKey, path: LinkPath, now: Millis): boolean {
    const { limits } = this.#ctx.config
    if (this.#links.upCount >= limits.maxPeers || this.#attemptCount() >= limits.maxConnections) return false
    const peer = this.#links.open(addr, publicKey, path, now)
    if (peer === undefined) return false
    if (peer.up !== undefined || peer.attempt !== undefined) return true
    if (!this.#links.moveTo(peer, path) || !this.#begin(peer, path, 'link', now)) {
      this.#links.dropIfIdle(peer, now)
      return false
    }
    return true
  }

  /** Tries another path beside a link that stands. False when that is not possible at this moment. */
  tryPath(peer: Peer, path: LinkPath, now: Millis): boolean {
    const isFree = peer.up !== undefined && peer.attempt === undefined
    return isFree && this.#ctx.transports.has(path.transportId) && this.#begin(peer, path, 'path', now)
  }

  /** The keys of a link are old: begins a rekey, unless one is under way or the peer has just made one. */
  rekey(peer: Peer, now: Millis): void {
    if (peer.up === undefined || peer.keys.current === undefined || peer.up.isRekeyFutile) return
    const sinceTheirs = peer.rekeyedByPeerAt === undefined ? undefined : now - peer.rekeyedByPeerAt
    const may =
      this.#ctx.config.rekey.enabled && mayRekey({ isBusy: peer.attempt !== undefined, sinceTheirs })
    if (!may || !this.#begin(peer, peer.path, 'keys', now)) {
      this.#ctx.timers.set('rekey', peer.addr, now + CROSSING_WINDOW)
    }
  }

  /** msg1 was not answered in time: the same bytes again. */
  resend(peer: Peer, now: Millis): void {
    const { attempt, timers } = peer
    if (attempt === undefined || attempt.resends >= timers.handshakeMaxResends) return
    transmit(this.#ctx, peer, attempt.path, attempt.msg1.slice(), 'handshake', now)
    attempt.resends += 1
    this.#scheduleResend(peer, attempt, now)
  }

  /**
   * The medium lost msg1. It has tried for as long as our own timer waits, so the next try need wait no longer than the
   * first did.
   */
  msg1Lost(peer: Peer, ourIndex: number, now: Millis): void {
    const { attempt, timers } = peer
    if (attempt?.ourIndex !== ourIndex || attempt.resends >= timers.handshakeMaxResends) return
    this.#ctx.timers.setNoLater('handshake-resend', peer.addr, now + resendDelay(timers, 0, this.#ctx.rng))
  }

  /** Gives up. A rekey costs nothing: the old keys go on, and another is due later. */
  timeOut(peer: Peer, now: Millis): void {
    const attempt = peer.attempt
    if (attempt === undefined) return
    this.#links.endAttempt(peer)
    if (attempt.isAlternate) return
    if (attempt.isRekey) {
      this.#ctx.counters.handshake.rekeyAbandoned += 1
      // Microcontrollers begin links and cannot answer: trying again would only fill their line.
      if (peer.up?.isLeaf === true) peer.up.isRekeyFutile = true
      this.#ctx.timers.set('rekey', peer.addr, now + rekeyDelay(peer.timers, this.#ctx.rng))
      return
    }
    this.#ctx.counters.handshake.timedOut += 1
    this.#links.dropIfIdle(peer, now)
    this.#dialFailed(peer.addr, now)
  }

  /** The answer to a msg1 of ours. A forged one changes nothing. */
  msg2(frame: Msg2Frame, now: Millis): void {
    const { counters, indexes, crypto } = this.#ctx
    counters.handshake.msg2Received += 1
    const owner = indexes.owner(frame.receiverIndex)
    const attempt = owner?.type === 'attempt' ? owner.peer.attempt : undefined
    if (owner === undefined || attempt?.ourIndex !== frame.receiverIndex) {
      counters.handshake.msg2UnknownConnection += 1
      return
    }
    const { peer } = owner
    const result = attempt.noise.readMsg2(frame.noise)
    if (!result.ok) {
      counters.handshake.msg2Malformed += 1
      return
    }
    const session = new LinkSession({
      handshake: result.value,
      ourIndex: attempt.ourIndex,
      theirIndex: frame.senderIndex,
      crypto,
      keyEpoch: attempt.isRekey && peer.keys.current !== undefined ? !peer.keys.current.keyEpoch : false,
      answered: undefined,
      now,
    })
    if (this.#lostTie(peer, attempt)) {
      // The peer's own handshake stands and is in use already; it never sends under these keys.
      this.#links.endAttempt(peer)
      return
    }
    indexes.assign(session.ourIndex, { type: 'session', peer, session })
    this.#links.endAttempt(peer)
    if (attempt.isAlternate) this.#links.moveTo(peer, attempt.path)
    this.#links.install(peer, session, attempt.path, now)
  }

  /** A first handshake of ours that ends while the peer's, which stands against it, is already in use. */
  #lostTie(peer: Peer, attempt: Attempt): boolean {
    const theirsIsInUse = peer.up !== undefined && peer.keys.current?.isInitiator === false
    const { nodeAddr: ours } = this.#ctx.identity
    return !attempt.isRekey && !usesAnswer({ ours, theirs: peer.addr, theirsIsInUse })
  }

  /** `wanted`: a new link, or new keys of a standing one, on its own path or to move it to another. */
  #begin(peer: Peer, path: LinkPath, wanted: 'link' | 'keys' | 'path', now: Millis): boolean {
    const { identity, rng, epoch, indexes, timers } = this.#ctx
    const ourIndex = indexes.allocate({ type: 'attempt', peer })
    if (ourIndex === undefined) return false
    const noise = new IkInitiator(
      { identity, ephemeralSecret: rng.bytes(SECRET_BYTES), epoch },
      peer.publicKey,
    )
    const attempt: Attempt = {
      noise,
      ourIndex,
      msg1: encodeMsg1(ourIndex, noise.writeMsg1()),
      path,
      startedAt: now,
      isRekey: wanted !== 'link',
      isAlternate: wanted === 'path',
      resends: 0,
    }
    peer.attempt = attempt
    transmit(this.#ctx, peer, attempt.path, attempt.msg1.slice(), 'handshake', now)
    this.#scheduleResend(peer, attempt, now)
    timers.set('handshake-timeout', peer.addr, now + peer.timers.handshakeTimeoutMs)
    return true
  }

  #scheduleResend(peer: Peer, attempt: Attempt, now: Millis): void {
    if (attempt.resends >= peer.timers.handshakeMaxResends) return
    const delay = resendDelay(peer.timers, attempt.resends, this.#ctx.rng)
    this.#ctx.timers.set('handshake-resend', peer.addr, now + delay)
  }

  #attemptCount(): number {
    let count = 0
    for (const peer of this.#ctx.peers.values()) if (peer.attempt !== undefined) count++
    return count
  }
}
