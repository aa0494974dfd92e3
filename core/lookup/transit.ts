/** Requests that came by: recognised when they come again, and the way back for their answers. */
import type { NodeAddr } from '../identity/index.ts'
import { IntervalLimiter } from '../limits.ts'
import type { Millis } from '../time.ts'
import {
  FORWARD_LIMITER_ENTRIES,
  FORWARD_MIN_INTERVAL,
  MAX_RECENT_REQUESTS,
  RECENT_REQUEST_EXPIRY,
} from './limits.ts'
import type { LookupRequest } from './wire.ts'

export type RequestVerdict =
  'respond' | 'forward' | 'duplicate' | 'cache-full' | 'rate-limited' | 'ttl-exhausted'

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
    if (this.#recent.size >= capacity) return 'cache-full'
    this.#recent.set(request.requestId, { from, expiresAt: now + keepMs, answered: false })
    if (request.target === self) return 'respond'
    if (request.ttl === 0) return 'ttl-exhausted'
    return this.#limiter.pass(`${request.origin} ${request.target}`, now) ? 'forward' : 'rate-limited'
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
    }
  }
}
