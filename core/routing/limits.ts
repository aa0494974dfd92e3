/** Bounds of what routing remembers and sends. */
import { IntervalLimiter } from '../limits.ts'
import type { Millis } from '../time.ts'

/** Destinations remembered; each takes a few hundred bytes. */
export const COORDINATE_CACHE_ENTRIES = 50_000

/** A position not used for this long is forgotten. */
export const COORDINATE_CACHE_TTL: Millis = 300_000

/**
 * Share of the cache that positions heard through one neighbour in transit may take, so that one neighbour cannot push out
 * what the others told us.
 */
export const TRANSIT_SHARE: number = 1 / 8

/** At most one error signal about a destination in this time. */
export const ERROR_MIN_INTERVAL: Millis = 100

/** Destinations the error limiter remembers: ten a millisecond for its interval. */
export const ERROR_LIMITER_ENTRIES = 1000

/** Paces the error signals (coordinates required, path broken, MTU exceeded) together, by destination. */
export function errorLimiter(): IntervalLimiter {
  return new IntervalLimiter(ERROR_MIN_INTERVAL, ERROR_LIMITER_ENTRIES)
}
