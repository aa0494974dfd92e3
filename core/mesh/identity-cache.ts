/**
 * From an IPv6 address back to a key. The address carries 15 of the NodeAddr's 16 bytes and nothing of the key, so a
 * destination can be reached only after its key was seen: asked for by name, configured, or met in a handshake.
 */
import { nodeAddrOf, type NodeAddr, type PublicKey } from '../identity/index.ts'
import type { Millis } from '../time.ts'

/** What is known now: later use shows in it. */
export interface KnownIdentity {
  readonly addr: NodeAddr
  readonly publicKey: PublicKey
  readonly learnedAt: Millis
  readonly lastSeenAt: Millis
}

interface Entry extends KnownIdentity {
  lastSeenAt: Millis
}

/** Hex digits of the part of a NodeAddr that an IPv6 address carries. */
const PREFIX_DIGITS = 30

export class IdentityCache {
  /** Least recently used first. */
  readonly #byPrefix = new Map<string, Entry>()
  /** The last of them: packets come in runs for one destination, and what is last need not be moved there. */
  #newest: string | undefined
  readonly #maxEntries: number

  /** `maxEntries`: beyond it the least recently used identity is forgotten. */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  get size(): number {
    return this.#byPrefix.size
  }

  get maxEntries(): number {
    return this.#maxEntries
  }

  learn(publicKey: PublicKey, now: Millis): NodeAddr {
    const addr = nodeAddrOf(publicKey)
    const prefix = addr.slice(0, PREFIX_DIGITS)
    const known = this.#byPrefix.get(prefix)
    this.#byPrefix.delete(prefix)
    this.#byPrefix.set(prefix, {
      addr,
      publicKey: known?.addr === addr ? known.publicKey : publicKey.slice(),
      learnedAt: known?.learnedAt ?? now,
      lastSeenAt: now,
    })
    this.#newest = prefix
    for (const oldest of this.#byPrefix.keys()) {
      if (this.#byPrefix.size <= this.#maxEntries) break
      this.#byPrefix.delete(oldest)
    }
    return addr
  }

  /** By the last 15 bytes of an IPv6 address as 30 hex digits. Counts as a use. */
  byPrefix(prefix: string, now: Millis): KnownIdentity | undefined {
    const known = this.#byPrefix.get(prefix)
    if (known === undefined) return undefined
    known.lastSeenAt = now
    if (prefix !== this.#newest) {
      this.#byPrefix.delete(prefix)
      this.#byPrefix.set(prefix, known)
      this.#newest = prefix
    }
    return known
  }

  /** Does not count as a use. */
  byAddr(addr: NodeAddr): KnownIdentity | undefined {
    const known = this.#byPrefix.get(addr.slice(0, PREFIX_DIGITS))
    return known?.addr === addr ? known : undefined
  }

  entries(): Iterable<KnownIdentity> {
    return this.#byPrefix.values()
  }
}
