/** The decisions of a session's life, apart from its state: who gives way, when keys are renewed, when to greet again, when it has served. */
import type { NodeAddr } from '../identity/index.ts'
import type { Millis } from '../time.ts'
import { REKEY_DAMPENING_MS, type Pace } from './pace.ts'
import type { Session } from './session.ts'

/** Both sides sent a SessionSetup: the smaller address stays initiator, the other answers. */
export function winsInitiation(own: NodeAddr, remote: NodeAddr): boolean {
  return own < remote
}

/** Least patience with silence, in round trips. */
const SILENCE_ROUND_TRIPS = 4
/** Least patience with a neighbour: its link tells when it has restarted, and while that stands a cut is no reason for new keys. */
const NEIGHBOUR_SILENCE_MS: Millis = 10_000
/** Longest patience with silence, in multiples of the pace's. */
const MAX_SILENCE_DOUBLINGS = 4

/** When an established session has served. Not while one of the two greets: what it wants to say comes next. */
export function idleAt({ lastActivityAt, initiation, answers, epochs }: Session, pace: Pace): Millis {
  const greetedAt = Math.max(
    initiation?.startedAt ?? -Infinity,
    answers.at(-1)?.startedAt ?? -Infinity,
    epochs.pending?.startedAt ?? -Infinity,
  )
  return Math.max(lastActivityAt + pace.idleMs, greetedAt + pace.handshakeTimeoutMs)
}

/** When an established session wants a new handshake. Infinity = as things are, never. */
export function greetingDue(
  session: Session,
  pace: Pace,
  isNeighbour: boolean,
): { readonly at: Millis; readonly reason: 'rekey' | 'silence' } {
  const epoch = session.epochs.current
  if (epoch === undefined || session.initiation !== undefined || session.unconfirmed !== undefined)
    return { at: Infinity, reason: 'rekey' }
  const { unanswered } = session
  const patienceMs = Math.max(
    pace.silenceMs,
    SILENCE_ROUND_TRIPS * (session.roundTripMs ?? 0),
    isNeighbour ? NEIGHBOUR_SILENCE_MS : 0,
  )
  const patience = patienceMs * 2 ** Math.min(session.silentGreetings, MAX_SILENCE_DOUBLINGS)
  const isSilent = unanswered !== undefined && unanswered.packets >= pace.silencePackets
  const silentAt = isSilent ? unanswered.since + patience : Infinity
  const rekeyAt = rekeyDue(session, pace)
  return rekeyAt <= silentAt ? { at: rekeyAt, reason: 'rekey' } : { at: silentAt, reason: 'silence' }
}

function rekeyDue(session: Session, pace: Pace): Millis {
  const epoch = session.epochs.current
  if (epoch === undefined || pace.rekeyAfterMs === Infinity) return Infinity
  const byAge = epoch.startedAt + pace.rekeyAfterMs + session.rekeyJitterMs
  const due = epoch.sendCounter >= pace.rekeyAfterMessages ? epoch.startedAt : byAge
  return Math.max(due, session.rekeyPausedAt + REKEY_DAMPENING_MS)
}

/**
 * What to do with new keys whose msg3 was resent in vain. A peer that was heard under the old keys has not moved and
 * can still be reached there; one that was not heard at all has either moved silently or is gone, and then the
 * old keys are of no use.
 */
export function unconfirmedOutcome(heardSinceMsg3: boolean): 'keep-old' | 'cut-over' {
  return heardSinceMsg3 ? 'keep-old' : 'cut-over'
}
