/** Requests that came by: recognised when they come again, and the way back for their answers. */
import type { NodeAddr } from '../identity/index.ts'
import { Crowds, type Waiting } from '../crowds.ts'
import { IntervalLimiter } from '../limits.ts'
import type { Millis } from '../time.ts'
import {
  FORWARD_LIMITER_ENTRIES,
  FORWARD_MIN_INTERVAL,
  MAX_RECENT_OF_ONE,
  MAX_RECENT_REQUESTS,
  RECENT_REQUEST_EXPIRY,
} from './limits.ts'
import type { LookupRequest } from './wire.ts'

export type RequestVerdict =
  | 'respond'
  | 'forward'
  | 'duplicate'
  | 'cache-full'
  | 'rate-limited'
  | 'ttl-exhausted'
  /** Many ask for the target just now: `hold` it. */
  | 'crowded'

export type ResponseRoute =
  | { readonly type: 'reverse-path'; readonly to: NodeAddr }
  /** One answer per request travels back; more would circle where paths met. */
  | { readonly type: 'already-forwarded' }
  /** We forwarded no such request: it is for us or for nobody. */
  | { readonly type: 'not-transit' }

interface RecentRequest {
  readonly from: NodeAddr
  readonly expiresAt: Millis
  answered: boolean
}

export interface RequestTableOptions {
  /** Between two requests that are forwarded for one target. */
  readonly forwardInterval?: Millis
  /** How long a request is recognised. */
  readonly expiry?: Millis
}

/** Bounded by `MAX_RECENT_REQUESTS`: when full new ones are refused. */
export class RequestTable {
  /** In the order of arrival. */
  readonly #recent = new Map<bigint, RecentRequest>()
  /**
   * By origin and target: it is the repeats of one origin that are too many. By target alone, whoever looks for a node
   * that many look for would wait for the others, and the first requests of all but one would be lost.
   */
  readonly #limiter: IntervalLimiter<string>
  /** Requests for one target, whoever asks. */
  readonly #crowds = new Crowds<LookupRequest>()
  /** Remembered requests of each neighbour. */
  readonly #counts = new Map<NodeAddr, number>()
  readonly #expiry: Millis

  constructor(options: RequestTableOptions = {}) {
    const { forwardInterval = FORWARD_MIN_INTERVAL, expiry = RECENT_REQUEST_EXPIRY } = options
    this.#limiter = new IntervalLimiter(forwardInterval, FORWARD_LIMITER_ENTRIES)
    this.#expiry = expiry
  }

  get size(): number {
    return this.#recent.size
  }

  /**
   * Judges a request from a neighbour and remembers it for `keepMs`, unless it is a duplicate or there is no room. A
   * request kept longer may keep a few younger ones from being forgotten on time.
   */
  receive(
    request: Pick<LookupRequest, 'requestId' | 'origin' | 'target' | 'ttl'>,
    from: NodeAddr,
    self: NodeAddr,
    now: Millis,
    keepMs: Millis = this.#expiry,
    capacity: number = MAX_RECENT_REQUESTS,
  ): RequestVerdict {
    this.#purge(now)
    if (this.#recent.has(request.requestId)) return 'duplicate'
    const count = this.#counts.get(from) ?? 0
    if (this.#recent.size >= capacity || count >= MAX_RECENT_OF_ONE) return 'cache-full'
    this.#counts.set(from, count + 1)
    this.#recent.set(request.requestId, { from, expiresAt: now + keepMs, answered: false })
    if (request.target === self) return 'respond'
    if (request.ttl === 0) return 'ttl-exhausted'
    if (!this.#limiter.pass(`${request.origin} ${request.target}`, now)) return 'rate-limited'
    return this.#crowds.take(request.target, now) ? 'forward' : 'crowded'
  }

  /** Keeps a crowded request until its turn. False when there is no room. */
  hold(request: LookupRequest, from: NodeAddr, now: Millis): boolean {
    return this.#crowds.hold(request.target, from, request, now)
  }

  /** Held requests whose turn it is. */
  takeDue(now: Millis): readonly Waiting<LookupRequest>[] {
    return this.#crowds.takeDue(now)
  }

  deadline(): Millis | undefined {
    return this.#crowds.deadline()
  }

  /** Which way a response goes; counts as forwarded when there is a way. */
  routeResponse(requestId: bigint): ResponseRoute {
    const request = this.#recent.get(requestId)
    if (request === undefined) return { type: 'not-transit' }
    if (request.answered) return { type: 'already-forwarded' }
    request.answered = true
    return { type: 'reverse-path', to: request.from }
  }

  #purge(now: Millis): void {
    for (const [id, request] of this.#recent) {
      if (now <= request.expiresAt) return
      this.#recent.delete(id)
      const left = (this.#counts.get(request.from) ?? 1) - 1
      if (left > 0) this.#counts.set(request.from, left)
      else this.#counts.delete(request.from)
    }
  }
}
