/** Pacing and repetition, the same for both kinds of announce: owed, sent when the pace allows, repeated until confirmed. */
import type { AnnounceState, Peer, UnconfirmedAnnounce } from '../peer/index.ts'
import { lossDelay } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { NodeContext, TimerKind } from './context.ts'

/**
 * Announces of a kind that a neighbour may send us: stock nodes send at most two a second, and one that flaps a few more.
 * Each costs us a signature, or a look at everything we reach.
 */
export const INBOUND_BURST = 20
export const INBOUND_PER_SECOND = 4

const SUSPICIONS_OF_LOSS = 2

/** Losses of one content in a row after which the peer is taken to be out of reach: by the delays, half an hour or more. */
const MAX_LOSSES = 5

export interface AnnounceKind {
  readonly sendTimer: TimerKind
  readonly resendTimer: TimerKind
  state(peer: Peer): AnnounceState | undefined
  resendMs(peer: Peer): Millis
}

/** Something new is to be said no earlier than `earliest`. Returns whether the pace made it wait longer than that. */
export function owe(
  ctx: NodeContext,
  kind: AnnounceKind,
  peer: Peer,
  earliest: Millis,
  now: Millis,
): boolean {
  const state = kind.state(peer)
  if (state === undefined) return false
  const readyAt = state.pacing.readyAt(now)
  const at = Math.max(earliest, readyAt)
  if (!state.isPending) state.pendingSince = now
  state.isPending = true
  state.resends = 0
  state.losses = 0
  ctx.timers.setNoLater(kind.sendTimer, peer.addr, at)
  return readyAt > earliest
}

/** Whether the pending announce may go now; it is put off when the pace forbids it, and no longer pending otherwise. */
export function takeDue(ctx: NodeContext, kind: AnnounceKind, peer: Peer, now: Millis): boolean {
  const state = kind.state(peer)
  if (state?.isPending !== true) return false
  const readyAt = state.pacing.readyAt(now)
  if (readyAt > now) {
    ctx.timers.set(kind.sendTimer, peer.addr, readyAt)
    return false
  }
  state.isPending = false
  ctx.timers.clear(kind.sendTimer, peer.addr)
  return true
}

/** How an announce went out. */
export type SentAnnounce = Omit<UnconfirmedAnnounce, 'suspicions'>

/** It went out. */
export function noteSent(
  ctx: NodeContext,
  kind: AnnounceKind,
  peer: Peer,
  sent: SentAnnounce,
  now: Millis,
): void {
  const state = kind.state(peer)
  if (state === undefined) return
  state.pacing.take(now)
  state.lastSentAt = now
  state.unconfirmed = { ...sent, suspicions: 0 }
  if (state.resends < peer.timers.announceMaxResends)
    ctx.timers.set(kind.resendTimer, peer.addr, now + kind.resendMs(peer))
}

/**
 * The peer reports frames up to `highest`, of which it has missed `missing` in all. As many more missing than before as
 * the announce had copies may be these, or frames that were overtaken and will be counted in the next report: it is lost
 * when two say so.
 * Returns true when it should be repeated.
 */
export function isLost(
  ctx: NodeContext,
  kind: AnnounceKind,
  peer: Peer,
  highest: bigint,
  missing: bigint,
): boolean {
  const sent = kind.state(peer)?.unconfirmed
  if (sent === undefined || sent.counter > highest || sent.missingBefore === undefined) return false
  if (missing < sent.missingBefore + BigInt(sent.copies)) {
    confirm(ctx, kind, peer)
    return false
  }
  sent.suspicions += 1
  return sent.suspicions >= SUSPICIONS_OF_LOSS
}

/** The peer has it. */
export function confirm(ctx: NodeContext, kind: AnnounceKind, peer: Peer): void {
  const state = kind.state(peer)
  if (state === undefined) return
  state.unconfirmed = undefined
  state.losses = 0
  ctx.timers.clear(kind.resendTimer, peer.addr)
}

/** Nothing need be said any more. */
export function cancel(ctx: NodeContext, kind: AnnounceKind, peer: Peer): void {
  const state = kind.state(peer)
  if (state === undefined) return
  state.isPending = false
  ctx.timers.clear(kind.sendTimer, peer.addr)
}

/** Time for a repeat: true when it is owed again. */
export function repeat(ctx: NodeContext, kind: AnnounceKind, peer: Peer, now: Millis): boolean {
  const state = kind.state(peer)
  if (state?.unconfirmed === undefined || state.isPending) return false
  const { resends, losses } = state
  if (losses === 0 && resends >= peer.timers.announceMaxResends) return false
  owe(ctx, kind, peer, now, now)
  state.resends = resends + 1
  state.losses = losses
  return true
}

/** The medium lost it. It goes again after a while, which grows with every loss, and some day not any more. */
export function repeatLost(ctx: NodeContext, kind: AnnounceKind, peer: Peer, now: Millis): void {
  const state = kind.state(peer)
  if (state === undefined || state.isPending) return
  state.losses += 1
  if (state.losses > MAX_LOSSES) {
    ctx.timers.clear(kind.resendTimer, peer.addr)
    return
  }
  ctx.timers.set(kind.resendTimer, peer.addr, now + lossDelay(peer.timers, state.losses, ctx.rng))
}
