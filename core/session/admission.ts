/**
 * How many SessionSetups we answer. Each costs us three curve operations for a sender that has proved nothing, so
 * each neighbour has a budget for what it brings. Setups of established sessions (rekeys) have one of their own, lest a
 * flood of strangers' suppresses them.
 */
import type { NodeAddr } from '../identity/index.ts'
import type { NodeConfig } from '../node/config.ts'
import { KeyedBuckets } from '../token-bucket.ts'
import type { Millis } from '../time.ts'

export class SetupAdmission {
  readonly #strangers: KeyedBuckets
  readonly #established: KeyedBuckets

  constructor({ rateLimit }: NodeConfig) {
    const { sessionSetupBurst, sessionSetupRate } = rateLimit
    this.#strangers = new KeyedBuckets(sessionSetupBurst, sessionSetupRate)
    this.#established = new KeyedBuckets(sessionSetupBurst, sessionSetupRate)
  }

  /** Whether a setup that came through `neighbour` is answered. */
  admit(neighbour: NodeAddr, isEstablished: boolean, now: Millis): boolean {
    return (isEstablished ? this.#established : this.#strangers).take(neighbour, now)
  }
}
