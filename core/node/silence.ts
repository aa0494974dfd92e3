/**
 * Neighbours that fell silent. A neighbour that reports does so every second or two, so a few reports that are missing
 * tell long before the link is dead that it may be. Such a neighbour is passed by where there is another way, and is
 * offered new keys: one that restarted answers and is met again. Its next frame takes everything back.
 */
import type { Peer } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { NodeContext } from './context.ts'

/** From report to report on a short link: what is due once a second leaves when the peer next looks. */
const REPORT_GAP: Millis = 1500
/** Longer links report less often, by so many round trips. */
const GAP_RTTS = 2
/** Reports go out in pairs. So many pairs must be missing that the link will hardly have lost them all. */
const MIN_MISSING = 2
const MAX_MISSING = 10
const UNLIKELY = 0.001
/** A link that is said to lose everything is judged as if it lost this share. */
const MOST_LOSS = 0.99
/** Where silence tells nothing yet, it is looked at again after this long. */
const LATER: Millis = 5000

/** What a peer's reports tell of the link to it. */
export interface Reported {
  /** Share of our frames that are lost, 0..1. */
  readonly lossRate: number
  readonly rttMs: Millis
}

export interface SilenceHost {
  /** Undefined where no reports come. */
  reported(peer: Peer): Reported | undefined
  fellSilent(peer: Peer, now: Millis): void
  spokeAgain(peer: Peer, now: Millis): void
}

export class Silence {
  readonly #ctx: NodeContext
  readonly #host: SilenceHost

  constructor(ctx: NodeContext, host: SilenceHost) {
    this.#ctx = ctx
    this.#host = host
  }

  linkUp(peer: Peer, now: Millis): void {
    this.#ctx.timers.set('silence', peer.addr, now + LATER)
  }

  /** Frames do not move the timer, for there are many: it is looked at again when it is due. */
  due(peer: Peer, now: Millis): void {
    const { up } = peer
    if (up === undefined) return
    const patience = this.#patience(peer)
    const heardAt = up.heardAt ?? up.since
    if (patience !== undefined && heardAt + patience <= now) this.fall(peer, now)
    const next = patience === undefined || up.isSilent ? now : heardAt
    this.#ctx.timers.set('silence', peer.addr, next + (patience ?? LATER))
  }

  fall(peer: Peer, now: Millis): void {
    if (peer.up === undefined) return
    peer.up.isSilent = true
    this.#host.fellSilent(peer, now)
  }

  heard(peer: Peer, now: Millis): void {
    if (peer.up === undefined) return
    peer.up.isSilent = false
    this.#host.spokeAgain(peer, now)
  }

  /** Longest silence that is nothing special; undefined where silence tells nothing. */
  #patience(peer: Peer): Millis | undefined {
    const reported = this.#host.reported(peer)
    if (reported === undefined || peer.up?.isLeaf === true) return undefined
    const { lossRate, rttMs } = reported
    const missing = Math.log(UNLIKELY) / (2 * Math.log(Math.min(lossRate, MOST_LOSS)))
    const gap = REPORT_GAP + GAP_RTTS * rttMs
    return gap * Math.min(Math.max(Math.ceil(missing), MIN_MISSING), MAX_MISSING)
  }
}
