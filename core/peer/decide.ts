/** What handshakes lead to. Pure: facts in, a decision out. */
import { equalBytes } from '../bytes.ts'
import type { NodeAddr } from '../identity/index.ts'
import type { Millis } from '../time.ts'

/** Of two handshakes that cross, the one started by the smaller address stands. */
export function outboundWins(ours: NodeAddr, theirs: NodeAddr): boolean {
  return ours < theirs
}

/** What is known of the sender of an admitted msg1 that was not answered before. */
export interface Msg1Facts {
  readonly ours: NodeAddr
  readonly theirs: NodeAddr
  /** The link is up. */
  readonly isUp: boolean
  /** The epoch in msg1 is the one of the link that is up. */
  readonly sameEpoch: boolean
  /** A handshake of ours with it is under way. */
  readonly dialling: boolean
  /** The keys in use came from a handshake of ours this long ago; undefined when they did not, or the peer was heard under them. */
  readonly ourHandshakeAge: Millis | undefined
  /** We have as many peers as we may have. One that we know or dial has its place whatever the number. */
  readonly isFull: boolean
  readonly isKnown: boolean
}

/**
 * Handshakes this close to each other crossed on the way; later ones are rekeys. It is also the time for which we
 * begin no rekey after the peer did.
 */
export const CROSSING_WINDOW: Millis = 30_000

export type Msg1Decision =
  /** There is no place for another peer. */
  | { readonly type: 'refuse' }
  /** Our own rekey stands; the peer answers it. */
  | { readonly type: 'ignore' }
  | {
      readonly type: 'answer'
      /** The answered keys are used only when ours come to nothing. */
      readonly yields: boolean
      /** They follow the present ones, with the K bit turned. */
      readonly isRekey: boolean
    }

/**
 * A first handshake is always answered, whatever crosses it: its sender may never hear of ours. Only between two that
 * are up does the smaller address's rekey make the other's void. An answer ends no attempt of ours, for the msg1 may be
 * a replayed one: the first frame under the answered keys does.
 */
export function decideMsg1(facts: Msg1Facts): Msg1Decision {
  const weWin = outboundWins(facts.ours, facts.theirs)
  if (facts.isFull && !facts.isKnown) return { type: 'refuse' }
  if (!facts.isUp) {
    return { type: 'answer', yields: facts.dialling && weWin, isRekey: false }
  }
  if (!facts.sameEpoch) return { type: 'answer', yields: false, isRekey: false }
  if (facts.dialling) {
    return weWin ? { type: 'ignore' } : { type: 'answer', yields: false, isRekey: true }
  }
  const crossed = facts.ourHandshakeAge !== undefined && facts.ourHandshakeAge < CROSSING_WINDOW
  return { type: 'answer', yields: crossed && weWin, isRekey: !crossed }
}

/**
 * Whether an answered first handshake of ours is put to use. Not when the peer's, which stands against it, already is: it
 * never sends under the keys of the one that lost.
 */
export function usesAnswer(facts: {
  readonly ours: NodeAddr
  readonly theirs: NodeAddr
  readonly theirsIsInUse: boolean
}): boolean {
  return !facts.theirsIsInUse || outboundWins(facts.ours, facts.theirs)
}

/** Whether a rekey that is due may begin: not beside another, nor right after the peer's. */
export function mayRekey(facts: {
  readonly isBusy: boolean
  /** Time since the peer last began one; undefined when it never did. */
  readonly sinceTheirs: Millis | undefined
}): boolean {
  return !facts.isBusy && (facts.sinceTheirs === undefined || facts.sinceTheirs >= CROSSING_WINDOW)
}

/** Offset of the parity byte of the ephemeral key in a msg1 frame: prefix 4, sender index 4. */
const EPHEMERAL_PARITY_AT = 8

/**
 * Whether two msg1 frames are the same. Only x coordinates enter the shared secrets, so the parity byte of the
 * ephemeral can be turned on the way without any effect and does not count.
 */
export function sameMsg1(a: Uint8Array, b: Uint8Array): boolean {
  return (
    a.length === b.length &&
    equalBytes(a.subarray(0, EPHEMERAL_PARITY_AT), b.subarray(0, EPHEMERAL_PARITY_AT)) &&
    equalBytes(a.subarray(EPHEMERAL_PARITY_AT + 1), b.subarray(EPHEMERAL_PARITY_AT + 1))
  )
}
