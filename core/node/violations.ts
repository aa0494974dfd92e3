/**
 * Neighbours that break the protocol in a way that no honest node can: their frames are authentic, so it is they, and
 * nothing on the way, who sign wrongly, speak in another's name or claim an impossible place in the tree. Frames that
 * do not open, replays and messages of unknown kinds or versions never count: anybody may cause the former, and newer
 * software the latter.
 */
import type { NodeAddr } from '../identity/index.ts'
import type { Millis } from '../time.ts'

/** One may be a fault of software; so many within the window are meant. */
const TOLERATED = 2
const WINDOW: Millis = 60_000
/** How long such a neighbour is kept away; twice as long each further time. */
const FIRST_BAN: Millis = 60_000
const LONGEST_BAN: Millis = 3_600_000
/** Neighbours remembered; the one that offended longest ago is forgotten first. */
const MAX_OFFENDERS = 1024

interface Offender {
  readonly since: Millis
  readonly count: number
  readonly bans: number
  readonly bannedUntil: Millis
}

export class Violations {
  /** In the order of the last offence. */
  readonly #offenders = new Map<NodeAddr, Offender>()

  /** True when the neighbour is to go. */
  note(addr: NodeAddr, now: Millis): boolean {
    const before = this.#offenders.get(addr)
    const isNewWindow = before === undefined || now - before.since > WINDOW
    const count = isNewWindow ? 1 : before.count + 1
    const bans = before?.bans ?? 0
    const goes = count > TOLERATED
    this.#offenders.delete(addr)
    this.#offenders.set(addr, {
      since: isNewWindow ? now : before.since,
      count: goes ? 0 : count,
      bans: goes ? bans + 1 : bans,
      bannedUntil: goes ? now + Math.min(FIRST_BAN * 2 ** bans, LONGEST_BAN) : now,
    })
    for (const oldest of this.#offenders.keys()) {
      if (this.#offenders.size <= MAX_OFFENDERS) break
      this.#offenders.delete(oldest)
    }
    return goes
  }

  /** Until when a node gets no link; undefined when it may have one. */
  bannedUntil(addr: NodeAddr, now: Millis): Millis | undefined {
    const until = this.#offenders.get(addr)?.bannedUntil
    return until !== undefined && now < until ? until : undefined
  }
}
