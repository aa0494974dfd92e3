/**
 * How many SessionSetups we answer. Each costs us three curve operations for a sender that has proved nothing, so
 * each neighbour has a budget for what it brings. Setups of established sessions (rekeys) have one of their own, lest a
 * flood of strangers' suppresses them.
 */
import type { NodeAddr } from '../identity/index.ts'
import type { NodeConfig } from '../node/config.ts'
import { TokenBucket } from '../peer/token-bucket.ts'
import type { Millis } from '../time.ts'

/** Neighbours with a budget; the one that has been quiet for the longest is forgotten first. */
const MAX_NEIGHBOURS = 1024

export class SetupAdmission {
  readonly #config: NodeConfig
  readonly #strangers = new Map<NodeAddr, TokenBucket>()
  readonly #established = new Map<NodeAddr, TokenBucket>()

  constructor(config: NodeConfig) {
    this.#config = config
  }

  /** Whether a setup that came through `neighbour` is answered. */
  admit(neighbour: NodeAddr, isEstablished: boolean, now: Millis): boolean {
    const buckets = isEstablished ? this.#established : this.#strangers
    let bucket = buckets.get(neighbour)
    if (bucket === undefined) {
      const { sessionSetupBurst, sessionSetupRate } = this.#config.rateLimit
      bucket = new TokenBucket(sessionSetupBurst, sessionSetupRate)
    }
    buckets.delete(neighbour)
    buckets.set(neighbour, bucket)
    if (buckets.size > MAX_NEIGHBOURS) {
      const [oldest] = buckets.keys()
      if (oldest !== undefined) buckets.delete(oldest)
    }
    return bucket.take(now)
  }
}
