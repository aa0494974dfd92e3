/** Rate limits by token buckets: what a stranger may cost us before it is known who it is, and what one neighbour may. */
import type { NodeAddr } from './identity/index.ts'
import type { Millis } from './time.ts'

const MS_PER_S = 1000

/** Allows bursts of `burst` and `perSecond` on average. */
export class TokenBucket {
  readonly #burst: number
  readonly #perMs: number
  #tokens: number
  #updatedAt: Millis | undefined

  constructor(burst: number, perSecond: number) {
    this.#burst = burst
    this.#perMs = perSecond / MS_PER_S
    this.#tokens = burst
  }

  /** Takes one token if there is one. */
  take(now: Millis): boolean {
    this.#refill(now)
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /** Puts a token back. */
  giveBack(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + 1)
  }

  /** The instant at which `take` succeeds again; `now` if it would. */
  readyAt(now: Millis): Millis {
    this.#refill(now)
    if (this.#tokens >= 1) return now
    return now + Math.ceil((1 - this.#tokens) / this.#perMs)
  }

  #refill(now: Millis): void {
    const elapsed = Math.max(0, now - (this.#updatedAt ?? now))
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsed * this.#perMs)
    this.#updatedAt = now
  }
}

/**
 * Keys remembered at once. A flood under more keys than this is held back by what is shared alone; the table only keeps
 * one loud source from starving the others.
 */
const MAX_KEYS = 1024

/** A bucket for each key: an address, or a neighbour. The one not asked for the longest time gives way when there are too many. */
export class KeyedBuckets<Key extends string = NodeAddr> {
  readonly #burst: number
  readonly #perSecond: number
  readonly #buckets = new Map<Key, TokenBucket>()

  constructor(burst: number, perSecond: number) {
    this.#burst = burst
    this.#perSecond = perSecond
  }

  take(key: Key, now: Millis): boolean {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#burst, this.#perSecond)
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= MAX_KEYS) break
      this.#buckets.delete(oldest)
    }
    return bucket.take(now)
  }

  giveBack(key: Key): void {
    this.#buckets.get(key)?.giveBack()
  }
}

/** One source may use a quarter of what all together may. */
const SOURCE_SHARE = 4

/** A bucket for all, and one for each source. */
export class SourceBuckets {
  readonly #shared: TokenBucket
  readonly #bySource: KeyedBuckets<string>
  /** What was given back: the honest may cost as much again as all together, and no more. */
  readonly #givenBack: TokenBucket

  constructor(burst: number, perSecond: number) {
    this.#shared = new TokenBucket(burst, perSecond)
    this.#givenBack = new TokenBucket(burst, perSecond)
    this.#bySource = new KeyedBuckets(Math.max(1, Math.floor(burst / SOURCE_SHARE)), perSecond / SOURCE_SHARE)
  }

  take(source: string, now: Millis): boolean {
    return this.#bySource.take(source, now) && this.#shared.take(now)
  }

  /** The source turned out to be one that is not to be held back. */
  giveBack(source: string, now: Millis): void {
    if (!this.#givenBack.take(now)) return
    this.#bySource.giveBack(source)
    this.#shared.giveBack()
  }
}
