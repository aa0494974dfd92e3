/**
 * Finding out where a node is in the tree: asks for what the host wants to reach, answers for ourselves, and passes
 * requests and responses of others along. The decisions are in `core/lookup`; here they meet neighbours and time.
 */
import { copiesFor } from '../copies.ts'
import {
  answerLookup,
  decodeLookupRequest,
  decodeLookupResponse,
  encodeLookupRequest,
  encodeLookupResponse,
  forwardTargets,
  LookupOrigin,
  originTargets,
  requestAfterHop,
  RequestTable,
  responseAfterHop,
  type LookupAttempt,
  type LookupRequest,
  type LookupResponse,
} from '../lookup/index.ts'
import type { NodeAddr } from '../identity/index.ts'
import { IntervalLimiter } from '../limits.ts'
import type { Neighbour } from '../node/layers.ts'
import { SourceBuckets } from '../token-bucket.ts'
import type { PositionSource } from '../routing/index.ts'
import type { Millis } from '../time.ts'
import { routeTo, type MeshContext } from './context.ts'
import { sendCopies } from './copies.ts'

/** Path MTUs below this cannot be true of a usable path; as in the reference they are taken as not said. */
export const MIN_ACTIONABLE_PATH_MTU = 256

/**
 * Patience with an answer that has to cross a radio: a request and its response take 6 to 15 s over two hops of a shared
 * channel, and asking again sooner only makes it later.
 */
const CONSTRAINED_ATTEMPT_TIMEOUTS: readonly Millis[] = [20_000, 40_000, 60_000]
/**
 * Shortest time between two requests for one target over a radio. A stock origin asks at 0, 1, 3 and 7 s, faster than the
 * first answer can be back, and each request is answered.
 */
const RADIO_REQUEST_MS: Millis = 5000
const RADIO_REQUEST_TARGETS = 1024

/** A request that crosses a radio is remembered until its last answer may have come. */
const CONSTRAINED_RECENT_MS: Millis = 120_000

/** Answers we sign, each a signature for whoever asks; a quarter of it for what one neighbour brings. */
const ANSWERS_PER_SECOND = 80
const ANSWER_BURST = 240

const AUX_SIZE = 32

export interface LookupEvents {
  /** A position was proven by the node itself and is in the cache; `roundTripMs` after it was asked for. */
  found(target: NodeAddr, roundTripMs: Millis, now: Millis): void
  failed(target: NodeAddr, now: Millis): void
}

export class Lookups {
  readonly #context: MeshContext
  readonly #events: LookupEvents
  readonly #origin: LookupOrigin
  readonly #requests: RequestTable
  readonly #answers = new SourceBuckets(ANSWER_BURST, ANSWERS_PER_SECOND)
  readonly #overRadio = new IntervalLimiter(RADIO_REQUEST_MS, RADIO_REQUEST_TARGETS)
  /** Of the lookups under way. */
  readonly #startedAt = new Map<NodeAddr, Millis>()
  /** Of the lookups under way, those whose answers may go unchecked. */
  readonly #unproven = new Set<NodeAddr>()

  constructor(context: MeshContext, events: LookupEvents) {
    const { discovery } = context.config
    this.#context = context
    this.#events = events
    this.#origin = new LookupOrigin(context.rng, {
      attemptTimeouts: discovery.attemptTimeoutsSecs.map((seconds) => seconds * 1000),
      backoff: { base: discovery.backoffBaseSecs * 1000, max: discovery.backoffMaxSecs * 1000 },
      forwardInterval: discovery.forwardMinIntervalSecs * 1000,
      maxDepth: context.config.tree.maxDepth,
    })
    this.#requests = new RequestTable({
      forwardInterval: discovery.forwardMinIntervalSecs * 1000,
      expiry: discovery.recentExpirySecs * 1000,
    })
  }

  get recentRequests(): number {
    return this.#requests.size
  }

  *pending(): Iterable<{ readonly target: NodeAddr; readonly attempt: number; readonly startedAt: Millis }> {
    for (const target of this.#origin.pendingTargets()) {
      yield {
        target,
        attempt: this.#origin.attemptsOf(target),
        startedAt: this.#startedAt.get(target) ?? 0,
      }
    }
  }

  /** Starts a lookup unless one is under way. False when nobody near us reaches the target at the moment. */
  start(target: NodeAddr, now: Millis): boolean {
    const { counters, link } = this.#context
    const peers = originTargets(target, link.neighbours())
    const timeouts = this.#isConstrained(peers) ? CONSTRAINED_ATTEMPT_TIMEOUTS : undefined
    const initiation = this.#origin.initiate(target, peers.length > 0, now, timeouts)
    switch (initiation.type) {
      case 'send':
        this.#startedAt.set(target, now)
        return this.#ask(initiation.attempt, peers, now)
      case 'already-pending':
        counters.discovery.reqDeduplicated++
        return true
      case 'deferred':
        this.#startedAt.set(target, now)
        return true
      case 'suppressed':
        counters.discovery.reqBackoffSuppressed++
        return false
      case 'no-peer-reaches':
        counters.discovery.reqBloomMiss++
        return false
      case 'too-many':
        return false
    }
  }

  request(from: NodeAddr, message: Uint8Array, now: Millis): void {
    const { counters, identity } = this.#context
    counters.discovery.reqReceived++
    const decoded = decodeLookupRequest(message)
    if (!decoded.ok) {
      counters.discovery.reqDecodeError++
      return
    }
    const request = decoded.value
    if (this.#origin.isOurs(request.requestId) || request.origin === identity.nodeAddr) {
      counters.discovery.reqDuplicate++
      return
    }
    const keepMs = this.#crossesRadio(from, request.target) ? CONSTRAINED_RECENT_MS : undefined
    switch (this.#requests.receive(request, from, identity.nodeAddr, now, keepMs)) {
      case 'respond':
        counters.discovery.reqTargetIsUs++
        if (this.#answers.take(from, now)) this.#answer(request, from, now)
        break
      case 'forward':
        this.#forward(request, from, now)
        break
      case 'duplicate':
        counters.discovery.reqDuplicate++
        break
      case 'cache-full':
        counters.discovery.reqDedupCacheFull++
        break
      case 'crowded':
        if (!this.#requests.hold(request, from, now)) counters.discovery.reqForwardRateLimited++
        break
      case 'rate-limited':
        counters.discovery.reqForwardRateLimited++
        break
      case 'ttl-exhausted':
        counters.discovery.reqTtlExhausted++
        break
    }
  }

  /**
   * Looks for what a leaf sends to. Its key may be unknown here, and then the answer cannot be checked: it is taken for as
   * good as any other position heard in passing.
   */
  startForLeaf(target: NodeAddr, now: Millis): void {
    if (this.start(target, now) && !this.#context.identities.byAddr(target)) this.#unproven.add(target)
  }

  response(from: NodeAddr, message: Uint8Array, now: Millis): void {
    const { counters } = this.#context
    counters.discovery.respReceived++
    const decoded = decodeLookupResponse(message)
    if (!decoded.ok) {
      counters.discovery.respDecodeError++
      return
    }
    const response = decoded.value
    const route = this.#requests.routeResponse(response.requestId)
    switch (route.type) {
      case 'reverse-path':
        if (this.#send(response, route.to, now)) counters.discovery.respForwarded++
        else counters.discovery.respNoRoute++
        break
      case 'already-forwarded':
        break
      case 'not-transit':
        this.#accept(response, from, now)
        break
    }
  }

  /** A neighbour came or our position changed: what failed may work now. */
  topologyChanged(): void {
    this.#origin.topologyChanged()
  }

  tick(now: Millis): void {
    for (const { item, from } of this.#requests.takeDue(now)) this.#forward(item, from, now)
    const { retries, failed } = this.#origin.poll(now)
    for (const attempt of retries) {
      this.#ask(attempt, originTargets(attempt.target, this.#context.link.neighbours()), now)
    }
    for (const target of failed) {
      this.#context.counters.discovery.respTimedOut++
      this.#startedAt.delete(target)
      this.#unproven.delete(target)
      this.#events.failed(target, now)
    }
  }

  deadline(): Millis | undefined {
    const [origin, held] = [this.#origin.deadline(), this.#requests.deadline()]
    return origin === undefined || held === undefined ? (origin ?? held) : Math.min(origin, held)
  }

  #ask(attempt: LookupAttempt, peers: readonly NodeAddr[], now: Millis): boolean {
    const { config, counters, identity, link } = this.#context
    counters.discovery.reqInitiated++
    const message = encodeLookupRequest({
      requestId: attempt.requestId,
      target: attempt.target,
      origin: identity.nodeAddr,
      ttl: config.discovery.ttl,
      minMtu: 0,
      originCoordinates: link.ownCoordinates(),
    })
    let sent = 0
    for (const peer of peers) if (this.#say(peer, message, now)) sent++
    return sent > 0
  }

  #forward(request: LookupRequest, from: NodeAddr, now: Millis): void {
    const { counters } = this.#context
    const next = requestAfterHop(request)
    if (next === undefined) return
    const { peers, usedFallback } = this.#forwardTargets(request.target, from)
    if (peers.length === 0 || this.#context.config.leafOnly) {
      counters.discovery.reqNoTreePeer++
      return
    }
    const mayUseRadio = !this.#isConstrained(peers) || this.#overRadio.pass(request.target, now)
    const takers = mayUseRadio ? peers : peers.filter((peer) => !this.#isConstrained([peer]))
    if (takers.length === 0) {
      counters.discovery.reqForwardRateLimited++
      return
    }
    const message = encodeLookupRequest(next)
    for (const peer of takers) this.#say(peer, message, now)
    counters.discovery.reqForwarded++
    if (usedFallback) counters.discovery.reqFallbackForwarded++
  }

  /** A target next to us is asked directly: the flood along other branches could only waste airtime. */
  #forwardTargets(
    target: NodeAddr,
    from: NodeAddr,
  ): { readonly peers: readonly NodeAddr[]; readonly usedFallback: boolean } {
    const direct = this.#context.link.neighbour(target)
    if (direct?.canSend === true && target !== from) return { peers: [target], usedFallback: false }
    return forwardTargets(target, this.#context.link.neighbours(), from)
  }

  #answer(request: LookupRequest, from: NodeAddr, now: Millis): void {
    const { identity, link, rng } = this.#context
    const aux = rng.bytes(AUX_SIZE)
    const response = answerLookup(request, link.ownCoordinates(), identity, identity.crypto, aux)
    if (this.#send(response, from, now)) return
    const route = routeTo(this.#context, request.origin, now)
    if (route.type !== 'forward' || !this.#send(response, route.via.addr, now))
      this.#context.counters.discovery.respNoRoute++
  }

  #send(response: LookupResponse, to: NodeAddr, now: Millis): boolean {
    const neighbour = this.#context.link.neighbour(to)
    if (neighbour === undefined) return false
    const message = encodeLookupResponse(responseAfterHop(response, neighbour.mtu))
    return this.#sendSurely(neighbour, message, now)
  }

  #say(to: NodeAddr, message: Uint8Array, now: Millis): boolean {
    const neighbour = this.#context.link.neighbour(to)
    return neighbour !== undefined && this.#sendSurely(neighbour, message, now)
  }

  /** Nobody on the way repeats a lookup, and whoever has it drops it when it comes again. */
  #sendSurely(to: Neighbour, message: Uint8Array, now: Millis): boolean {
    return sendCopies(this.#context, copiesFor(to.lossRate ?? 0), to, message, 'handshake', now)
  }

  #accept(response: LookupResponse, from: NodeAddr, now: Millis): void {
    const { counters, identities, identity, positions } = this.#context
    const { target } = response
    const fault = this.#origin.check(response, identities.byAddr(target)?.publicKey, identity.crypto)
    const isProven = fault === undefined
    if (fault === 'unknown-identity' && this.#unproven.has(target)) counters.discovery.respIdentityMiss++
    else if (!isProven) {
      if (fault === 'unknown-identity') counters.discovery.respIdentityMiss++
      else if (fault === 'not-pending') counters.discovery.respUnsolicited++
      else counters.discovery.respProofFailed++
      return
    }
    counters.discovery.respAccepted++
    const askedAt = this.#origin.askedAt(response.requestId) ?? now
    this.#origin.complete(target)
    this.#startedAt.delete(target)
    this.#unproven.delete(target)
    const usable = response.pathMtu >= MIN_ACTIONABLE_PATH_MTU
    if (!usable) counters.errors.lookupRespMtuBelowFloor++
    const pathMtu = usable ? { pathMtu: response.pathMtu } : {}
    const source: PositionSource = isProven ? { trust: 'proven' } : { trust: 'transit', via: from }
    positions.insert(target, response.targetCoordinates, { ...source, ...pathMtu }, now)
    this.#events.found(target, now - askedAt, now)
  }

  #isConstrained(peers: readonly NodeAddr[]): boolean {
    return peers.some((peer) => this.#context.link.neighbour(peer)?.profile === 'constrained')
  }

  /** Whether a request or its answer has a radio to cross next to us. */
  #crossesRadio(from: NodeAddr, target: NodeAddr): boolean {
    return this.#isConstrained([from, ...this.#forwardTargets(target, from).peers])
  }
}
