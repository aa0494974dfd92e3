/** Pacing and bounds of lookups. */
import type { NodeAddr } from '../identity/index.ts'
import type { Millis } from '../time.ts'

/** Hops a request of ours may travel. */
export const LOOKUP_TTL = 64

/** How long each attempt waits for its answer before the next one goes out; after the last the lookup has failed. */
export const ATTEMPT_TIMEOUTS: readonly Millis[] = [1000, 2000, 4000, 8000]

/** A request is recognised as seen, and its answer finds the way back, for this long. */
export const RECENT_REQUEST_EXPIRY: Millis = 10_000

/** Requests remembered at once; when full new ones are not forwarded, so that answers under way still find back. */
export const MAX_RECENT_REQUESTS = 4096

/** Of these, what one neighbour may have brought: a flood of one leaves room for the others. */
export const MAX_RECENT_OF_ONE = 2048

/** At most one request of an origin for a target is forwarded in this time, whatever its id. */
export const FORWARD_MIN_INTERVAL: Millis = 2000

/** Pairs of origin and target the forward limiter remembers. */
export const FORWARD_LIMITER_ENTRIES = 4096

/** Targets asked for in the last `FORWARD_MIN_INTERVAL`; beyond this the one asked for longest ago is forgotten, and asked for sooner. */
export const MAX_JUST_ASKED = 1024

/** Lookups of our own at once; as many as there are destinations with packets waiting. */
export const MAX_PENDING_LOOKUPS = 256

/**
 * An answer that comes this long after a lookup was given up is still believed: over radio the way may take longer than
 * all our patience, and the next packet then finds its route.
 */
export const LATE_ANSWER_GRACE: Millis = 60_000

/** Targets whose failures are remembered; the one that failed longest ago is forgotten. */
export const MAX_BACKOFF_ENTRIES = 1024

export interface BackoffLimits {
  /** Pause after the first failure; doubles with each further one. 0 turns back-off off. */
  readonly base: Millis
  /** Longest pause. */
  readonly max: Millis
}

/** Off: the attempts of a lookup are spaced enough by themselves. */
export const BACKOFF: BackoffLimits = { base: 0, max: 0 }

/** Keeps us from asking again and again for a target that did not answer. */
export class LookupBackoff {
  readonly #limits: BackoffLimits
  readonly #failures = new Map<NodeAddr, { readonly count: number; readonly until: Millis }>()

  constructor(limits: BackoffLimits = BACKOFF) {
    this.#limits = limits
  }

  /** Returns until when the target is not asked for. */
  failed(target: NodeAddr, now: Millis): Millis {
    const count = (this.#failures.get(target)?.count ?? 0) + 1
    const until = now + Math.min(this.#limits.base * 2 ** (count - 1), this.#limits.max)
    this.#failures.delete(target)
    this.#failures.set(target, { count, until })
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= MAX_BACKOFF_ENTRIES) break
      this.#failures.delete(oldest)
    }
    return until
  }

  suppresses(target: NodeAddr, now: Millis): boolean {
    const failure = this.#failures.get(target)
    return failure !== undefined && now < failure.until
  }

  succeeded(target: NodeAddr): void {
    this.#failures.delete(target)
  }

  /** The topology changed: what was out of reach may be in reach now. */
  reset(): void {
    this.#failures.clear()
  }
}
