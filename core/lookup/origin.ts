/** Lookups of our own: attempts, back-off, and which answers we believe. */
import { depthOf } from '../coordinates.ts'
import type { Crypto } from '../crypto/index.ts'
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import type { Rng } from '../random.ts'
import { randomU32 } from '../random.ts'
import { MAX_TREE_DEPTH } from '../stp/index.ts'
import type { Millis } from '../time.ts'
import type { BackoffLimits } from './limits.ts'
import {
  ATTEMPT_TIMEOUTS,
  BACKOFF,
  FORWARD_MIN_INTERVAL,
  LATE_ANSWER_GRACE,
  LookupBackoff,
  MAX_JUST_ASKED,
  MAX_PENDING_LOOKUPS,
} from './limits.ts'
import { verifyProof } from './proof.ts'
import type { LookupResponse } from './wire.ts'

export interface LookupOptions {
  /** One per attempt. */
  readonly attemptTimeouts?: readonly Millis[]
  readonly backoff?: BackoffLimits
  /** Nobody forwards a second request for a target that comes sooner after the first. */
  readonly forwardInterval?: Millis
  /** Deepest position that a response may name. */
  readonly maxDepth?: number
}

/** An attempt to send: a request with this id, to the neighbours that reach the target. */
export interface LookupAttempt {
  readonly target: NodeAddr
  readonly requestId: bigint
  /** From 1. */
  readonly attempt: number
}

export type Initiation =
  | { readonly type: 'send'; readonly attempt: LookupAttempt }
  | { readonly type: 'already-pending' }
  /** The target was asked for, and found, a moment ago: `poll` asks again as soon as that is forwarded. */
  | { readonly type: 'deferred' }
  /** The target failed a short while ago. */
  | { readonly type: 'suppressed' }
  /** No neighbour's filter has the target. */
  | { readonly type: 'no-peer-reaches' }
  /** Too many lookups at once. */
  | { readonly type: 'too-many' }

export interface LookupPoll {
  readonly retries: readonly LookupAttempt[]
  /** Targets whose last attempt went unanswered. */
  readonly failed: readonly NodeAddr[]
}

export type ResponseFault =
  /** Not the id of an attempt under way: never asked, or too late, or played back. */
  | 'not-pending'
  | 'wrong-target'
  /** The position is not the target's own, or deeper than a tree may be. */
  | 'wrong-coordinates'
  /** We hold no key to verify the proof with. */
  | 'unknown-identity'
  | 'bad-proof'

interface Pending {
  readonly target: NodeAddr
  readonly timeouts: readonly Millis[]
  /** One per attempt: an answer to an earlier attempt is as good. */
  readonly requestIds: bigint[]
  sentAt: Millis
}

export class LookupOrigin {
  readonly #rng: Rng
  readonly #timeouts: readonly Millis[]
  readonly #backoff: LookupBackoff
  readonly #maxDepth: number
  readonly #pending = new Map<NodeAddr, Pending>()
  readonly #asked = new Map<bigint, { readonly target: NodeAddr; readonly at: Millis }>()
  /** Lookups given up, oldest first, whose answers would still be welcome. At most `MAX_PENDING_LOOKUPS`. */
  readonly #overdue = new Map<NodeAddr, { readonly requestIds: readonly bigint[]; readonly until: Millis }>()

  /** When each target was asked for last, in that order. At most `MAX_JUST_ASKED`. */
  readonly #justAsked = new Map<NodeAddr, Millis>()
  readonly #forwardInterval: Millis

  constructor(rng: Rng, options: LookupOptions = {}) {
    this.#rng = rng
    this.#timeouts = options.attemptTimeouts ?? ATTEMPT_TIMEOUTS
    this.#backoff = new LookupBackoff(options.backoff ?? BACKOFF)
    this.#forwardInterval = options.forwardInterval ?? FORWARD_MIN_INTERVAL
    this.#maxDepth = options.maxDepth ?? MAX_TREE_DEPTH
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  isPending(target: NodeAddr): boolean {
    return this.#pending.has(target)
  }

  /** Whether a request id is one of ours: such a request coming back must not be forwarded. */
  isOurs(requestId: bigint): boolean {
    return this.#asked.has(requestId)
  }

  /** When the attempt with this id was sent. */
  askedAt(requestId: bigint): Millis | undefined {
    return this.#asked.get(requestId)?.at
  }

  /** Attempts of a lookup under way; 0 when there is none. */
  attemptsOf(target: NodeAddr): number {
    return this.#pending.get(target)?.requestIds.length ?? 0
  }

  /** Targets being looked up. */
  pendingTargets(): Iterable<NodeAddr> {
    return this.#pending.keys()
  }

  /** `reachable`: some neighbour would take the request. `timeouts`: the patience with each attempt, if not the usual. */
  initiate(
    target: NodeAddr,
    reachable: boolean,
    now: Millis,
    timeouts: readonly Millis[] = this.#timeouts,
  ): Initiation {
    if (this.#pending.has(target)) return { type: 'already-pending' }
    if (this.#backoff.suppresses(target, now)) return { type: 'suppressed' }
    if (!reachable) {
      this.#backoff.failed(target, now)
      return { type: 'no-peer-reaches' }
    }
    if (this.#pending.size >= MAX_PENDING_LOOKUPS) return { type: 'too-many' }
    const passesAt = (this.#justAsked.get(target) ?? -Infinity) + this.#forwardInterval
    const pending: Pending = { target, timeouts, requestIds: [], sentAt: Math.max(now, passesAt) }
    this.#pending.set(target, pending)
    if (now < passesAt) return { type: 'deferred' }
    return { type: 'send', attempt: this.#nextAttempt(pending, now) }
  }

  /** Attempts that are due, each with a new id, and lookups that have run out of them. */
  poll(now: Millis): LookupPoll {
    const retries: LookupAttempt[] = []
    const failed: NodeAddr[] = []
    for (const pending of this.#pending.values()) {
      if (now < this.#dueAt(pending)) continue
      if (pending.requestIds.length < pending.timeouts.length) retries.push(this.#nextAttempt(pending, now))
      else failed.push(pending.target)
    }
    this.#forgetOverdue(now)
    for (const target of failed) this.#giveUp(target, now)
    return { retries, failed }
  }

  /** When `poll` has something to do next. */
  deadline(): Millis | undefined {
    let earliest: Millis | undefined
    for (const pending of this.#pending.values()) {
      const at = this.#dueAt(pending)
      if (earliest === undefined || at < earliest) earliest = at
    }
    return earliest
  }

  /** The lookup failed, or nobody took its first attempt. */
  abandon(target: NodeAddr, now: Millis): void {
    this.#forget(target)
    this.#backoff.failed(target, now)
  }

  /**
   * What is wrong with a response, if anything; the costly signature last. `publicKey` is the target's, which we must
   * already hold.
   */
  check(
    response: LookupResponse,
    publicKey: PublicKey | undefined,
    crypto: Pick<Crypto, 'sha256' | 'verify'>,
  ): ResponseFault | undefined {
    const target = this.#asked.get(response.requestId)?.target
    if (target === undefined) return 'not-pending'
    if (target !== response.target) return 'wrong-target'
    const { targetCoordinates } = response
    if (targetCoordinates[0] !== target || depthOf(targetCoordinates) > this.#maxDepth) {
      return 'wrong-coordinates'
    }
    if (publicKey === undefined) return 'unknown-identity'
    return verifyProof(response, publicKey, crypto) ? undefined : 'bad-proof'
  }

  /** A good response came: the lookup is over, and the same response is not accepted again. */
  complete(target: NodeAddr): void {
    this.#forget(target)
    this.#dropOverdue(target)
    this.#backoff.succeeded(target)
  }

  /** A neighbour came or our position changed: try again what failed, and ask whoever has not been asked. */
  topologyChanged(): void {
    this.#backoff.reset()
    this.#justAsked.clear()
  }

  #nextAttempt(pending: Pending, now: Millis): LookupAttempt {
    const requestId = (BigInt(randomU32(this.#rng)) << 32n) | BigInt(randomU32(this.#rng))
    pending.requestIds.push(requestId)
    pending.sentAt = now
    this.#asked.set(requestId, { target: pending.target, at: now })
    this.#noteAsked(pending.target, now)
    return { target: pending.target, requestId, attempt: pending.requestIds.length }
  }

  #noteAsked(target: NodeAddr, now: Millis): void {
    this.#justAsked.delete(target)
    this.#justAsked.set(target, now)
    for (const oldest of this.#justAsked.keys()) {
      if (this.#justAsked.size <= MAX_JUST_ASKED) break
      this.#justAsked.delete(oldest)
    }
  }

  #dueAt(pending: Pending): Millis {
    return pending.sentAt + (pending.timeouts[pending.requestIds.length - 1] ?? 0)
  }

  /** The lookup has failed, but an answer may be on its way yet. */
  #giveUp(target: NodeAddr, now: Millis): void {
    const pending = this.#pending.get(target)
    if (pending === undefined) return
    this.#dropOverdue(target)
    for (const oldest of this.#overdue.keys()) {
      if (this.#overdue.size < MAX_PENDING_LOOKUPS) break
      this.#dropOverdue(oldest)
    }
    this.#pending.delete(target)
    this.#overdue.set(target, { requestIds: pending.requestIds, until: now + LATE_ANSWER_GRACE })
    this.#backoff.failed(target, now)
  }

  #forgetOverdue(now: Millis): void {
    for (const [target, { until }] of this.#overdue) {
      if (now < until) return
      this.#dropOverdue(target)
    }
  }

  #dropOverdue(target: NodeAddr): void {
    for (const requestId of this.#overdue.get(target)?.requestIds ?? []) this.#asked.delete(requestId)
    this.#overdue.delete(target)
  }

  #forget(target: NodeAddr): void {
    const pending = this.#pending.get(target)
    if (pending === undefined) return
    this.#pending.delete(target)
    for (const requestId of pending.requestIds) this.#asked.delete(requestId)
  }
}
