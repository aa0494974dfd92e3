/**
 * All sessions of a node: finds the one a payload belongs to, opens and removes them, runs their timers. What
 * arrives for the host leaves through `SessionEvents`.
 */
import {
  decodeSessionMessage,
  decodeSessionPayload,
  type ErrorSignal,
  type SealedPayload,
  type SessionMessage,
} from '../fsp/index.ts'
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import { IntervalLimiter } from '../limits.ts'
import type { Millis } from '../time.ts'
import { SetupAdmission } from './admission.ts'
import { greetingDue, idleAt } from './decide.ts'
import { Handshakes, type HandshakeEvents } from './handshakes.ts'
import type { SessionHost } from './host.ts'
import type { Pace } from './pace.ts'
import { SessionMeasurement } from './measurement.ts'
import { isPositionOf } from './position.ts'
import { Session, type Arrival } from './session.ts'
import { Traffic } from './traffic.ts'

/**
 * Sessions held at once, some 4 kB each. When full, the oldest half-open one goes, and when all are up, the one that has
 * been without application data for the longest time: its peer greets again when it wants something.
 */
const MAX_SESSIONS = 4096

/** Shortest time between two greetings of a peer that sends us frames of a session we no longer have. */
const STRAY_GREETING_MS: Millis = 30_000
const STRAY_GREETING_PEERS = 1024

/** Between two looks at the timers of a session in steady traffic; what one packet changes about them waits so long. */
const PLAN_INTERVAL_MS: Millis = 1
/** Silence is measured in seconds: by then somebody has looked. */
const PLAN_AGAIN_MS: Millis = 1000

export type DataMessage = Extract<SessionMessage, { type: 'data' }>

export interface SessionEvents {
  /** The key of a node, if it is known. */
  publicKeyOf(addr: NodeAddr): PublicKey | undefined
  up(session: Session, isNew: boolean, now: Millis): void
  down(session: Session, reason: string, now: Millis): void
  /** Positions a peer put beside its frame or handshake, from its own mouth but not authenticated. */
  positions(source: NodeAddr, coordinates: readonly NodeAddr[], via: NodeAddr, now: Millis): void
  data(session: Session, data: DataMessage, congested: boolean, now: Millis): void
  /** What a router on the way says about a datagram of ours. */
  signal(source: NodeAddr, signal: ErrorSignal, now: Millis): void
}

export class Sessions implements HandshakeEvents {
  readonly traffic: Traffic
  readonly #host: SessionHost
  readonly #events: SessionEvents
  readonly #handshakes: Handshakes
  readonly #byRemote = new Map<NodeAddr, Session>()
  readonly #admission: SetupAdmission
  readonly #strays = new IntervalLimiter(STRAY_GREETING_MS, STRAY_GREETING_PEERS)
  /** No timer is due before this. */
  #nextAt: Millis = Infinity

  constructor(host: SessionHost, events: SessionEvents) {
    this.#host = host
    this.#events = events
    this.traffic = new Traffic(host)
    this.#handshakes = new Handshakes(host, this)
    this.#admission = new SetupAdmission(host.config)
  }

  get size(): number {
    return this.#byRemote.size
  }

  get(remote: NodeAddr): Session | undefined {
    return this.#byRemote.get(remote)
  }

  all(): Iterable<Session> {
    return this.#byRemote.values()
  }

  /** Greets a node, unless its session is up or on the way. False when there is no route for the greeting. */
  open(remote: NodeAddr, publicKey: PublicKey, now: Millis): boolean {
    const known = this.#byRemote.get(remote)
    if (known !== undefined && (known.isEstablished || known.initiation !== undefined)) return true
    if (known !== undefined && this.#isAnswering(known, now)) return true
    const session = known ?? this.#create(remote, publicKey, true, now)
    session.publicKey ??= publicKey
    if (!this.#handshakes.initiate(session, publicKey, now)) return false
    session.lastActivityAt = now
    if (known === undefined) this.#add(session, now)
    this.#touch(session, now)
    return true
  }

  /** What was sent to greet a node may have been lost with its link. */
  greetAgain(session: Session, now: Millis): void {
    this.#handshakes.greetAgain(session, now)
    this.#touch(session, now)
  }

  /** A payload for us. */
  arrived(arrival: Arrival, now: Millis): void {
    const decoded = decodeSessionPayload(arrival.payload)
    if (!decoded.ok) {
      this.#host.counters.session.malformed++
      return
    }
    const { source, via } = arrival
    const message = decoded.value
    switch (message.type) {
      case 'setup':
        this.#setup(source, via, message.noise, message.source, now)
        break
      case 'ack':
      case 'msg3': {
        const session = this.#byRemote.get(source)
        if (session === undefined) {
          this.#host.counters.session.unknownSession++
          return
        }
        if (message.type === 'msg3') {
          this.#handshakes.msg3(session, message.noise, now)
          for (const early of session.takeEarly()) this.arrived(early, now)
        } else {
          const waiting = session.initiation !== undefined
          this.#handshakes.ack(session, message.noise, now)
          // Only an Ack that opened under our handshake says something about its sender.
          if (waiting && session.initiation === undefined)
            this.#events.positions(source, message.source, via, now)
        }
        this.#touch(session, now)
        break
      }
      case 'coords-required':
      case 'path-broken':
      case 'mtu-exceeded':
        this.#events.signal(source, message, now)
        break
      case 'sealed':
        this.#frame(arrival, message, now)
        break
    }
  }

  /** The next data packets carry both positions: routers on the path may have lost them. */
  showPositions(session: Session, now: Millis): void {
    session.warmupRemaining = this.#host.pace(session, now).warmupPackets
  }

  /** A session without anything left to do in it; its peer is not told (the protocol has no such message). */
  remove(session: Session, reason: string, now: Millis): void {
    if (!this.#byRemote.delete(session.remote)) return
    this.#events.down(session, reason, now)
  }

  /** Ends a session that has served. What the peer still says in it is no reason to greet it again at once. */
  hangUp(session: Session, now: Millis): void {
    this.#strays.pass(session.remote, now)
    this.remove(session, 'no longer wanted', now)
  }

  tick(now: Millis): void {
    if (now < this.#nextAt) return
    this.#nextAt = Infinity
    for (const session of this.#byRemote.values()) {
      if (now >= session.wakeAt) this.#tickOne(session, now)
      else this.#nextAt = Math.min(this.#nextAt, session.wakeAt)
    }
  }

  deadline(): Millis | undefined {
    return this.#nextAt === Infinity ? undefined : this.#nextAt
  }

  established(session: Session, isNew: boolean, now: Millis): void {
    this.showPositions(session, now)
    session.lastActivityAt = now
    session.unanswered = undefined
    this.#events.up(session, isNew, now)
  }

  probe(session: Session, now: Millis): void {
    this.traffic.sendProbe(session, now)
  }

  #setup(
    source: NodeAddr,
    via: NodeAddr,
    msg1: Uint8Array,
    coordinates: readonly NodeAddr[],
    now: Millis,
  ): void {
    const known = this.#byRemote.get(source)
    if (!this.#admission.admit(via, known?.isEstablished === true, now)) {
      this.#host.counters.session.setupRateLimited++
      return
    }
    // It comes back to the sender in our Ack: not if it is absurd.
    if (!isPositionOf(source, coordinates, this.#host.config.tree.maxDepth)) {
      this.#host.counters.session.malformed++
      return
    }
    this.#events.positions(source, coordinates, via, now)
    const session = known ?? this.#create(source, this.#events.publicKeyOf(source), false, now)
    this.#handshakes.setup(session, msg1, coordinates, now)
    if (known === undefined && session.answers.length > 0) this.#add(session, now)
    this.#touch(session, now)
  }

  #frame(arrival: Arrival, frame: SealedPayload, now: Millis): void {
    const { source, via } = arrival
    const session = this.#byRemote.get(source)
    if (session === undefined || !session.isEstablished) {
      if (session === undefined) this.#host.counters.session.unknownSession++
      else this.#host.counters.session.badState++
      if (session === undefined || session.answers.length === 0) this.#greetStray(source, now)
      else this.#awaitMsg3(session, arrival, now)
      return
    }
    const opened = this.traffic.open(session, arrival, frame, now)
    if (opened === undefined) {
      this.#awaitMsg3(session, arrival, now)
      return
    }
    if (frame.coordinates?.source !== undefined)
      this.#events.positions(source, frame.coordinates.source, via, now)
    if (opened.slot === 'pending') this.#handshakes.peerMoved(session, now)
    else if (opened.slot === 'current' && session.epochs.pending === undefined) session.noteConfirmed(now)
    this.#message(session, opened.type, opened.body, arrival.congested, now)
    this.#touch(session, now)
  }

  /** What opens under no key may have overtaken the msg3 that it belongs to. */
  #awaitMsg3(session: Session, arrival: Arrival, now: Millis): void {
    if (session.answers.length > 0) session.keepEarly(arrival)
    this.#handshakes.askForMsg3(session, this.#host.pace(session, now), now)
  }

  #message(session: Session, type: number, body: Uint8Array, congested: boolean, now: Millis): void {
    const decoded = decodeSessionMessage(type, body)
    if (!decoded.ok) {
      if (decoded.code !== 'unknown-type') this.#host.counters.session.malformed++
      return
    }
    const message = decoded.value
    switch (message.type) {
      case 'data':
        session.stats.packetsReceived++
        session.stats.bytesReceived += body.length
        session.lastActivityAt = now
        session.measurement.used()
        this.#events.data(session, message, congested, now)
        break
      case 'receiver-report':
        session.measurement.receiverReport(message.report, session.timestamp(now), now)
        break
      case 'path-mtu':
        if (!session.measurement.pathMtuReported(message.pathMtu, now))
          this.#host.counters.errors.pathMtuNotifBelowFloor++
        break
      case 'sender-report':
      case 'coords-warmup':
        // Nothing follows from what a sender says it sent; a warm-up speaks to the routers on its way.
        break
    }
  }

  /** Its sender has a session we lost, most likely by a restart: greet it rather than leave it talking to nobody. */
  #greetStray(source: NodeAddr, now: Millis): void {
    const publicKey = this.#events.publicKeyOf(source)
    if (publicKey === undefined || !this.#strays.pass(source, now)) return
    this.open(source, publicKey, now)
  }

  #tickOne(session: Session, now: Millis): void {
    session.plannedAt = -Infinity
    const pace = this.#host.pace(session, now)
    const wasInitiating = session.initiation !== undefined
    if (!this.#handshakes.tick(session, pace, now)) {
      this.remove(session, wasInitiating ? 'handshake timed out' : 'handshake not completed', now)
      return
    }
    if (session.isEstablished) {
      if (now >= idleAt(session, pace)) {
        this.remove(session, 'idle', now)
        return
      }
      session.epochs.drain(now, pace.drainMs)
      const greeting = greetingDue(session, pace, this.#host.isNeighbour(session.remote))
      if (now >= greeting.at) this.#greetAgain(session, greeting.reason, now)
      if (pace.reports) {
        for (const report of session.measurement.takeDue(now)) {
          this.traffic.sendMessage(session, report.type, report.body, 'report', now)
          // The next data, soon as it may come, makes a report due that none was planned for.
          session.plannedAt = -Infinity
        }
      }
    }
    this.#wakeFor(session, pace, now)
  }

  #greetAgain(session: Session, reason: 'rekey' | 'silence', now: Millis): void {
    if (reason === 'silence') session.silentGreetings++
    if (session.publicKey === undefined || !this.#handshakes.initiate(session, session.publicKey, now))
      session.rekeyPausedAt = now
    if (reason === 'silence') session.unanswered = undefined
  }

  /** Something happened to a session: its next timer may be earlier than what was planned. */
  #touch(session: Session, now: Millis): void {
    if (this.#byRemote.has(session.remote)) this.#wakeFor(session, this.#host.pace(session, now), now)
  }

  /** After data was sent on a session outside of the table's own methods, or its way became another one. */
  changed(session: Session, now: Millis): void {
    this.#touch(session, now)
  }

  /**
   * After traffic of the data path, of which there is much: timers are planned again only every while. `awaitsAnswer`: it is
   * the first to be answered, and silence counts from now.
   */
  hadTraffic(session: Session, awaitsAnswer: boolean, now: Millis): void {
    if (now >= session.plannedAt + PLAN_INTERVAL_MS) {
      session.plannedAt = now
      this.#touch(session, now)
    } else if (awaitsAnswer) this.#wakeBy(session, Math.min(session.wakeAt, now + PLAN_AGAIN_MS))
  }

  #wakeFor(session: Session, pace: Pace, now: Millis): void {
    let at = this.#handshakes.deadline(session, pace)
    if (session.isEstablished) {
      at = Math.min(
        at,
        idleAt(session, pace),
        session.epochs.drainDeadline(pace.drainMs),
        greetingDue(session, pace, this.#host.isNeighbour(session.remote)).at,
        pace.reports ? session.measurement.deadline() : Infinity,
      )
    }
    this.#wakeBy(session, Math.max(at, now))
  }

  #wakeBy(session: Session, at: Millis): void {
    session.wakeAt = at
    this.#nextAt = Math.min(this.#nextAt, at)
  }

  #create(remote: NodeAddr, publicKey: PublicKey | undefined, isInitiator: boolean, now: Millis): Session {
    const measurement = new SessionMeasurement(this.#host.config.sessionMmp, isInitiator)
    return new Session(remote, publicKey, isInitiator, measurement, now)
  }

  /**
   * The peer greeted first and its msg3 is still to be expected. Not for longer than a resend of it takes: anybody can
   * greet in another's name, and must not keep us from greeting.
   */
  #isAnswering(session: Session, now: Millis): boolean {
    const answer = session.answers.at(-1)
    return answer !== undefined && now < answer.startedAt + 2 * this.#host.pace(session, now).resendMs
  }

  #add(session: Session, now: Millis): void {
    if (this.#byRemote.size >= MAX_SESSIONS) {
      const victim = this.#leastWanted()
      if (victim !== undefined) this.remove(victim, 'table full', now)
    }
    this.#byRemote.set(session.remote, session)
  }

  #leastWanted(): Session | undefined {
    let victim: Session | undefined
    for (const session of this.#byRemote.values()) {
      if (session.state === 'awaiting-msg3') return session
      if (victim === undefined || session.lastActivityAt < victim.lastActivityAt) victim = session
    }
    return victim
  }
}
