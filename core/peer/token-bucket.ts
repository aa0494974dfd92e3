/** Rate limits on handshakes: what a stranger may cost us before it is known who it is. */
import type { Millis } from '../time.ts'

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
 * Sources remembered at once. A flood from more addresses than this is held back by the shared bucket alone, which
 * is sized for it; the table only keeps one loud source from starving the others.
 */
const MAX_SOURCES = 1024
/** One source may use a quarter of what all strangers together may. */
const SOURCE_SHARE = 4

/** A bucket for all and one for each source address. The oldest source gives way when the table is full. */
export class SourceBuckets {
  readonly #shared: TokenBucket
  readonly #bySource = new Map<string, TokenBucket>()
  readonly #burst: number
  readonly #perSecond: number

  constructor(burst: number, perSecond: number) {
    this.#shared = new TokenBucket(burst, perSecond)
    this.#burst = Math.max(1, Math.floor(burst / SOURCE_SHARE))
    this.#perSecond = perSecond / SOURCE_SHARE
  }

  take(source: string, now: Millis): boolean {
    let bucket = this.#bySource.get(source)
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#burst, this.#perSecond)
      if (this.#bySource.size >= MAX_SOURCES) {
        const oldest = this.#bySource.keys().next()
        if (oldest.done !== true) this.#bySource.delete(oldest.value)
      }
      this.#bySource.set(source, bucket)
    }
    return bucket.take(now) && this.#shared.take(now)
  }
}
