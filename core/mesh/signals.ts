/**
 * What routers on the way tell us about our traffic: that they do not know a destination's position, cannot get closer to
 * it, or had a frame too big for the next link. Nobody signs these, so they count only for sessions of ours, never make us
 * forget a proven position, and are answered at a limited rate.
 */
import type { ErrorSignal } from '../fsp/index.ts'
import type { NodeAddr } from '../identity/index.ts'
import { IntervalLimiter } from '../limits.ts'
import type { Session, Sessions } from '../session/index.ts'
import type { Millis } from '../time.ts'
import type { MeshContext } from './context.ts'
import { MIN_ACTIONABLE_PATH_MTU, type Lookups } from './lookups.ts'

/** Destinations whose answers to signals are paced. */
const PACED_DESTINATIONS = 1024

export class Signals {
  readonly #context: MeshContext
  readonly #sessions: Sessions
  readonly #lookups: Lookups
  readonly #answers: IntervalLimiter

  constructor(context: MeshContext, sessions: Sessions, lookups: Lookups) {
    this.#context = context
    this.#sessions = sessions
    this.#lookups = lookups
    this.#answers = new IntervalLimiter(context.config.session.coordsResponseIntervalMs, PACED_DESTINATIONS)
  }

  received(source: NodeAddr, signal: ErrorSignal, now: Millis): void {
    const { errors } = this.#context.counters
    switch (signal.type) {
      case 'coords-required': {
        errors.coordsRequired++
        const session = this.#bound(source, signal.destination, 'unboundCoords')
        if (session !== undefined) this.#showPosition(session, now)
        break
      }
      case 'path-broken': {
        errors.pathBroken++
        const session = this.#bound(source, signal.destination, 'unboundBroken')
        if (session === undefined) break
        this.#context.positions.demote(session.remote)
        session.measurement.forgetPathMtu()
        this.#showPosition(session, now)
        break
      }
      case 'mtu-exceeded': {
        errors.mtuExceeded++
        const session = this.#bound(source, signal.destination, 'unboundMtu')
        if (session === undefined) break
        if (signal.mtu < MIN_ACTIONABLE_PATH_MTU) errors.mtuExceededBelowFloor++
        else session.measurement.pathMtuReported(signal.mtu, now)
        break
      }
    }
  }

  /** The session a signal is about, if it is one that we use and the signal can be genuine. */
  #bound(
    source: NodeAddr,
    destination: NodeAddr,
    counter: 'unboundCoords' | 'unboundBroken' | 'unboundMtu',
  ): Session | undefined {
    const { counters, identity } = this.#context
    const forged = destination === identity.nodeAddr || source === destination
    const session = forged ? undefined : this.#sessions.get(destination)
    if (session !== undefined && (session.isEstablished || session.initiation !== undefined)) return session
    counters.errors[counter]++
    if (forged) counters.errors.unboundForged++
    return undefined
  }

  /** Puts both positions before the routers again, and makes sure that the destination's is right. */
  #showPosition(session: Session, now: Millis): void {
    const to = session.remote
    if (!this.#answers.pass(to, now)) return
    if (session.isEstablished) {
      this.#sessions.traffic.sendCoordinates(session, now)
      this.#sessions.changed(session, now)
    }
    this.#sessions.showPositions(session, now)
    if (this.#context.identities.byAddr(to) !== undefined) this.#lookups.start(to, now)
  }
}
