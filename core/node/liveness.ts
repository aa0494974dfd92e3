/** Keeping links alive and noticing that they are not: heartbeats, dead links, goodbyes. */
import type { DisconnectReason } from '../fmp/index.ts'
import { decodeDisconnect, encodeDisconnect, encodeHeartbeat } from '../fmp/index.ts'
import type { Peer } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { NodeContext } from './context.ts'
import type { Frames } from './frames.ts'
import type { LinkTable } from './link-table.ts'

/**
 * For a peer to be heard again whose connection ended. It sends a report about every second, which makes it a new
 * connection if it lives and has an address of ours to dial.
 */
const RECONNECT_PATIENCE: Millis = 5000

export class Liveness {
  readonly #ctx: NodeContext
  readonly #links: LinkTable
  readonly #frames: Frames

  constructor(ctx: NodeContext, links: LinkTable, frames: Frames) {
    this.#ctx = ctx
    this.#links = links
    this.#frames = frames
  }

  /** Sends a heartbeat when it is due. A constrained link skips it when anything else went out meanwhile. */
  heartbeatDue(peer: Peer, now: Millis): void {
    if (peer.up === undefined) return
    const { heartbeatMs, heartbeatOnlyWhenSilent } = peer.timers
    const silentSince = heartbeatOnlyWhenSilent ? peer.lastSentAt : peer.lastHeartbeatAt
    const dueAt = (silentSince ?? -Infinity) + heartbeatMs
    if (dueAt <= now) this.heartbeat(peer, now)
    this.#ctx.timers.set('heartbeat', peer.addr, dueAt <= now ? now + heartbeatMs : dueAt)
  }

  heartbeat(peer: Peer, now: Millis): void {
    peer.lastHeartbeatAt = now
    // Not as a report: media drop those first, and a link may hang on this frame.
    this.#frames.send(peer, encodeHeartbeat(), 'interactive', now)
  }

  /**
   * Nothing was heard for so long that the link is taken for dead, unless something was since this was set: frames do not
   * move the timer, for there are many. It may be dead one way only, so no goodbye.
   */
  deadDue(peer: Peer, now: Millis): void {
    const heardAt = peer.up?.heardAt
    const deadAt = heardAt === undefined ? now : heardAt + peer.timers.deadMs
    if (deadAt <= now) this.#links.drop(peer, 'timeout', now)
    else this.#ctx.timers.set('dead', peer.addr, deadAt)
  }

  /** The connection that carried the link ended. */
  pathGone(peer: Peer, now: Millis): void {
    if (peer.up === undefined) return
    peer.up.heardAt = undefined
    this.#ctx.timers.setNoLater('dead', peer.addr, now + RECONNECT_PATIENCE)
  }

  /** The peer says goodbye. */
  receivedDisconnect(peer: Peer, message: Uint8Array, now: Millis): void {
    const reason = decodeDisconnect(message)
    if (reason.ok) this.#links.drop(peer, `peer: ${reason.value}`, now)
    else this.#ctx.counters.link.malformedMessage += 1
  }

  /** We say goodbye and forget the peer. */
  disconnect(peer: Peer, reason: DisconnectReason, now: Millis): void {
    this.farewell(peer, reason, now)
    this.#links.drop(peer, reason, now)
  }

  /** Says goodbye and nothing more. */
  farewell(peer: Peer, reason: DisconnectReason, now: Millis): void {
    if (peer.up !== undefined) this.#frames.send(peer, encodeDisconnect(reason), 'handshake', now)
  }
}
