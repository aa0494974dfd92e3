/**
 * The other side of handshakes: what a msg1 from outside leads to. Until its sender is known and admitted it costs one
 * rate-limited decryption and leaves nothing behind but a count.
 */
import { equalBytes } from '../bytes.ts'
import { encodeMsg2 } from '../fmp/index.ts'
import type { Msg1Frame } from '../fmp/index.ts'
import { nodeAddrOf } from '../identity/index.ts'
import type { NodeAddr } from '../identity/index.ts'
import type { TransportInfo } from '../link.ts'
import type { IkHello } from '../noise/index.ts'
import { IkResponder } from '../noise/index.ts'
import type { AdmissionRefusal, LinkPath, Msg1Decision, Peer } from '../peer/index.ts'
import { LinkSession, decideMsg1, refuseInbound } from '../peer/index.ts'
import { SourceBuckets } from '../token-bucket.ts'
import type { Millis } from '../time.ts'
import type { NodeContext } from './context.ts'
import type { LinkTable } from './link-table.ts'
import { transmit } from './transmit.ts'

const SECRET_BYTES = 32
/** Least refill of the bucket for sources with a link: a few rekeys a second always pass. */
const MIN_ESTABLISHED_RATE = 1

export class Responder {
  readonly #ctx: NodeContext
  readonly #links: LinkTable
  readonly #isConfigured: (addr: NodeAddr) => boolean
  readonly #strangers: SourceBuckets
  readonly #established: SourceBuckets

  constructor(ctx: NodeContext, links: LinkTable, isConfigured: (addr: NodeAddr) => boolean) {
    const { rateLimit, limits, rekey } = ctx.config
    this.#ctx = ctx
    this.#links = links
    this.#isConfigured = isConfigured
    this.#strangers = new SourceBuckets(rateLimit.handshakeBurst, rateLimit.handshakeRate)
    const perRekey = 1 + rateLimit.handshakeMaxResends
    this.#established = new SourceBuckets(
      rateLimit.establishedHandshakeBurst ?? limits.maxPeers,
      rateLimit.establishedHandshakeRate ??
        Math.max(MIN_ESTABLISHED_RATE, (limits.maxPeers / Math.max(rekey.afterSecs, 1)) * perRekey),
    )
  }

  msg1(frame: Msg1Frame, bytes: Uint8Array, from: LinkPath, transport: TransportInfo, now: Millis): void {
    const { counters, identity, rng, epoch } = this.#ctx
    counters.handshake.msg1Received += 1
    if (this.#repeatAnswer(frame, bytes, from, now)) return
    if (!this.#withinRate(from, now)) {
      counters.handshake.msg1RateLimited += 1
      return
    }
    const noise = new IkResponder({ identity, ephemeralSecret: rng.bytes(SECRET_BYTES), epoch })
    const hello = noise.readMsg1(frame.noise)
    if (!hello.ok) {
      counters.handshake.msg1Malformed += 1
      return
    }
    const addr = nodeAddrOf(hello.value.remoteStatic)
    if (addr === identity.nodeAddr) {
      counters.handshake.msg1Ourselves += 1
      return
    }
    if (this.#refuse(addr, from, transport, now)) return
    const decision = this.#decide(addr, hello.value, now)
    if (decision.type === 'refuse') {
      counters.handshake.maxPeersReached += 1
      return
    }
    if (decision.type === 'ignore') {
      counters.handshake.msg1TieBroken += 1
      return
    }
    const peer = this.#makeRoom(addr, hello.value, from, now)
    if (peer !== undefined) this.#answer(peer, decision, noise, frame, bytes, from, now)
  }

  /**
   * Held back are those whose handshakes come to nothing: whoever comes and goes often is let in each time. Whichever end began: when
   * both dial at once, the peer's msg1 took its share too.
   */
  linkUp(peer: Peer, now: Millis): void {
    this.#strangers.giveBack(sourceOf(peer.path), now)
  }

  /** Forgets answered handshakes that no frame has confirmed in time. */
  expireHalfOpen(peer: Peer, now: Millis): void {
    const { timers } = this.#ctx
    const life = peer.timers.handshakeTimeoutMs
    const next = peer.keys.expireCandidates(now - life)
    if (next !== undefined) timers.set('half-open', peer.addr, next + life)
    else this.#links.dropIfIdle(peer, now)
  }

  /** A msg1 that was answered before gets the very same answer, at no cost of cryptography. */
  #repeatAnswer({ senderIndex }: Msg1Frame, bytes: Uint8Array, from: LinkPath, now: Millis): boolean {
    for (const peer of this.#ctx.peers.values()) {
      const session = peer.keys.answeredBy(senderIndex, bytes)
      if (session?.answered === undefined) continue
      // Once the peer uses the keys it has had our answer, and this msg1 is an old one.
      if (session.lastOpenedAt !== undefined) {
        this.#ctx.counters.handshake.msg1Outdated += 1
        return true
      }
      if (!this.#withinRate(from, now)) {
        this.#ctx.counters.handshake.msg1RateLimited += 1
        return true
      }
      this.#ctx.counters.handshake.msg1Repeated += 1
      transmit(this.#ctx, peer, from, session.answered.msg2.slice(), 'handshake', now)
      return true
    }
    return false
  }

  /** A source that has a link is not held back by floods of strangers, nor one of them by another. */
  #withinRate(from: LinkPath, now: Millis): boolean {
    return (this.#isLinked(from) ? this.#established : this.#strangers).take(sourceOf(from), now)
  }

  #isLinked({ transportId, addr }: LinkPath): boolean {
    for (const { up, path } of this.#ctx.peers.values()) {
      if (up !== undefined && path.addr === addr && path.transportId === transportId) return true
    }
    return false
  }

  #refuse(addr: NodeAddr, from: LinkPath, transport: TransportInfo, now: Millis): boolean {
    const { accessLists, counters, violations } = this.#ctx
    if (violations.bannedUntil(addr, now) !== undefined) {
      counters.handshake.msg1Banned += 1
      return true
    }
    const isConfigured = this.#isConfigured(addr) || accessLists.isConfigured(addr)
    const reason = refuseInbound(addr, transport.admission, accessLists, isConfigured)
    if (reason === undefined) return false
    counters.handshake[REFUSAL_COUNTER[reason]] += 1
    const { transportId, addr: at } = from
    this.#ctx.emit({
      type: 'event',
      event: { type: 'peer-refused', transportId, addr: at, peer: addr, reason },
    })
    return true
  }

  #decide(addr: NodeAddr, hello: IkHello, now: Millis): Msg1Decision {
    const peer = this.#ctx.peers.get(addr)
    const current = peer?.keys.current
    return decideMsg1({
      ours: this.#ctx.identity.nodeAddr,
      theirs: addr,
      isUp: peer?.up !== undefined,
      sameEpoch: peer?.up !== undefined && equalBytes(peer.up.epoch, hello.remoteEpoch),
      // A leaf that begins anew has not got our rekey and will not answer it.
      dialling: peer?.attempt !== undefined && peer.up?.isLeaf !== true,
      // Once the peer was heard under its keys, its own handshake of that time is over: what comes now is a rekey.
      ourHandshakeAge:
        current?.isInitiator === true && current.lastOpenedAt === undefined
          ? now - current.establishedAt
          : undefined,
      isFull: this.#links.upCount >= this.#ctx.config.limits.maxPeers,
      isKnown: peer !== undefined,
    })
  }

  /** The peer's entry, or undefined when there are too many links or half-open ones already. */
  #makeRoom(addr: NodeAddr, hello: IkHello, from: LinkPath, now: Millis): Peer | undefined {
    const { peers, counters, config } = this.#ctx
    const known = peers.get(addr)
    if (known !== undefined) return known
    const room = this.#halfOpenCount() < config.limits.maxPendingInbound
    const peer = room ? this.#links.open(addr, hello.remoteStatic, from, now) : undefined
    if (peer === undefined) counters.handshake.inboundCapExceeded += 1
    return peer
  }

  #answer(
    peer: Peer,
    decision: Extract<Msg1Decision, { type: 'answer' }>,
    noise: IkResponder,
    frame: Msg1Frame,
    bytes: Uint8Array,
    from: LinkPath,
    now: Millis,
  ): void {
    const { counters, indexes, crypto, timers } = this.#ctx
    const ourIndex = indexes.allocate({ type: 'attempt', peer })
    if (ourIndex === undefined) {
      counters.handshake.inboundCapExceeded += 1
      return
    }
    const { message, ...handshake } = noise.writeMsg2()
    const msg2 = encodeMsg2(ourIndex, frame.senderIndex, message)
    const turned = decision.isRekey && peer.keys.current !== undefined ? !peer.keys.current.keyEpoch : false
    const session = new LinkSession({
      handshake,
      ourIndex,
      theirIndex: frame.senderIndex,
      crypto,
      keyEpoch: turned,
      answered: { msg1: bytes.slice(), msg2 },
      now,
    })
    session.yields = decision.yields
    indexes.assign(ourIndex, { type: 'session', peer, session })
    peer.keys.addCandidate(session)
    timers.setNoLater('half-open', peer.addr, now + peer.timers.handshakeTimeoutMs)
    counters.handshake.msg1Answered += 1
    transmit(this.#ctx, peer, from, msg2.slice(), 'handshake', now)
  }

  #halfOpenCount(): number {
    let count = 0
    for (const peer of this.#ctx.peers.values()) {
      if (peer.up === undefined && peer.keys.candidates.length > 0) count++
    }
    return count
  }
}

function sourceOf({ transportId, addr }: LinkPath): string {
  return `${transportId} ${addr}`
}

const REFUSAL_COUNTER = {
  denied: 'msg1Denied',
  'not-listed': 'msg1NotListed',
  'not-accepting': 'msg1NotAccepted',
} as const satisfies Record<AdmissionRefusal, string>
