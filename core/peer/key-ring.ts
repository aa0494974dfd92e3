/**
 * The keys of one peer through handshakes, crossings, restarts and rekeys.
 *
 * A responder does not use new keys until the initiator has: a session we answered is a candidate until a frame opens
 * under it. So a repeated or replayed msg1 can never cut a working link, and what the K bit says does not matter for
 * the choice: the receiver index names the session and the tag proves it.
 */
import type { Millis } from '../time.ts'
import { sameMsg1 } from './decide.ts'
import type { LinkSession } from './link-session.ts'

/**
 * Answered handshakes of one peer that wait for their first frame. A dialogue needs one, a crossing two; the rest
 * absorbs replayed ones. The oldest gives way.
 */
const MAX_CANDIDATES = 4

/** One late frame may have been held up on the way; the second shows that the peer means it. */
const LATE_USES_THAT_CONVINCE = 2

export class KeyRing {
  #current: LinkSession | undefined
  #previous: LinkSession | undefined
  #candidates: readonly LinkSession[] = []
  /** Called with every session that leaves the ring, so that its index can be freed. */
  readonly #release: (session: LinkSession) => void

  constructor(release: (session: LinkSession) => void) {
    this.#release = release
  }

  /** The keys we send under. */
  get current(): LinkSession | undefined {
    return this.#current
  }

  /** Keys that only open frames still under way. */
  get previous(): LinkSession | undefined {
    return this.#previous
  }

  get candidates(): readonly LinkSession[] {
    return this.#candidates
  }

  get isEmpty(): boolean {
    return this.#current === undefined && this.#candidates.length === 0
  }

  /** Keeps an answered handshake until the peer uses it. */
  addCandidate(session: LinkSession): void {
    const kept = [...this.#candidates, session]
    if (kept.length > MAX_CANDIDATES) {
      const oldest = kept.shift()
      if (oldest !== undefined) this.#release(oldest)
    }
    this.#candidates = kept
  }

  /** Makes a session the one we send under; the one before drains. */
  promote(session: LinkSession): void {
    if (session === this.#current) return
    this.#candidates = this.#candidates.filter((candidate) => candidate !== session)
    this.endDrain()
    this.#previous = this.#current
    this.#current = session
  }

  /**
   * Whether the frame that just opened under `session` moves us to it. One that lost a tie moves us only when the peer
   * goes on using it, and not ours, for longer than `patience`: then it has not got ours, perhaps because it began anew.
   */
  movesTo(session: LinkSession, patience: Millis, now: Millis): boolean {
    if (!this.#candidates.includes(session)) return false
    const current = this.#current
    if (current === undefined || !session.yields) return true
    const lastUseOfOurs = current.lastOpenedAt ?? current.establishedAt
    if (now - session.establishedAt < patience || now - lastUseOfOurs < patience) return false
    session.lateUses += 1
    return session.lateUses >= LATE_USES_THAT_CONVINCE
  }

  /** Forgets the keys before the current ones. */
  endDrain(): void {
    if (this.#previous !== undefined) this.#release(this.#previous)
    this.#previous = undefined
  }

  /** Forgets candidates as old as `establishedBefore`, and returns when the next one was made. */
  expireCandidates(establishedBefore: Millis): Millis | undefined {
    for (const session of this.#candidates) {
      if (session.establishedAt <= establishedBefore) this.#release(session)
    }
    this.#candidates = this.#candidates.filter((session) => session.establishedAt > establishedBefore)
    return this.#candidates[0]?.establishedAt
  }

  /** The session whose handshake began with this very msg1, which names `theirIndex`, if we answered it. */
  answeredBy(theirIndex: number, msg1: Uint8Array): LinkSession | undefined {
    for (const session of this.#candidates) if (isAnswerTo(session, theirIndex, msg1)) return session
    if (isAnswerTo(this.#current, theirIndex, msg1)) return this.#current
    return isAnswerTo(this.#previous, theirIndex, msg1) ? this.#previous : undefined
  }

  clear(): void {
    for (const session of this.#candidates) this.#release(session)
    this.endDrain()
    if (this.#current !== undefined) this.#release(this.#current)
    this.#candidates = []
    this.#current = undefined
  }
}

/** The index is looked at first: every msg1 from outside is held against the keys of all peers. */
function isAnswerTo(session: LinkSession | undefined, theirIndex: number, msg1: Uint8Array): boolean {
  if (session?.theirIndex !== theirIndex || session.answered === undefined) return false
  return sameMsg1(session.answered.msg1, msg1)
}
