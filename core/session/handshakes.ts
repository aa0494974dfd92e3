/**
 * The session handshake, Noise XK in three messages (SessionSetup, SessionAck, SessionMsg3), for new sessions, rekeys and
 * peers that have restarted alike. The initiator drives: it repeats what was not answered, and it keeps sending
 * under the old keys until a frame under the new ones proves that its msg3 arrived.
 */
import { equalBytes } from '../bytes.ts'
import type { Coordinates } from '../coordinates.ts'
import { encodeSessionHandshake } from '../fsp/index.ts'
import { nodeAddrOf, type PublicKey } from '../identity/index.ts'
import { SECRET_SIZE } from '../crypto/index.ts'
import { XkInitiator, XkResponder, type Established } from '../noise/index.ts'
import { TOGETHER_MS } from '../copies.ts'
import { randomUnit } from '../random.ts'
import type { Millis } from '../time.ts'
import { unconfirmedOutcome, winsInitiation } from './decide.ts'
import { KeyEpoch } from './epochs.ts'
import type { SessionHost } from './host.ts'
import { ANSWER_LIFETIME_MS, firstResend, nextResend, REKEY_JITTER_MS, type Pace } from './pace.ts'
import { MAX_ANSWERS, type Answer, type Session } from './session.ts'

/** What the handshake tells the table that holds the sessions. */
export interface HandshakeEvents {
  /** New keys are in use (the session is up, or up again). */
  established(session: Session, isNew: boolean, now: Millis): void
  /** A frame under the newest keys is wanted: it proves to the peer that they work. */
  probe(session: Session, now: Millis): void
}

export class Handshakes {
  readonly #host: SessionHost
  readonly #events: HandshakeEvents

  constructor(host: SessionHost, events: HandshakeEvents) {
    this.#host = host
    this.#events = events
  }

  /** Sends a SessionSetup, unless one is on the way already. False when there is no route for it. */
  initiate(session: Session, publicKey: PublicKey, now: Millis): boolean {
    if (session.initiation !== undefined) return true
    const { identity, rng, epoch } = this.#host
    const noise = new XkInitiator({ identity, ephemeralSecret: rng.bytes(SECRET_SIZE), epoch }, publicKey)
    const msg1 = noise.writeMsg1()
    if (!this.#sendSetup(session, msg1, now)) return false
    session.initiation = {
      noise,
      msg1,
      startedAt: now,
      sentAt: now,
      resend: firstResend(this.#host.pace(session, now), now),
    }
    return true
  }

  /** The peer may have begun anew since it was greeted: the greeting goes again, as if it were the first. */
  greetAgain(session: Session, now: Millis): void {
    const { initiation } = session
    if (initiation === undefined) return
    const resend = firstResend(this.#host.pace(session, now), now)
    session.initiation = { ...initiation, startedAt: now, sentAt: now, resend }
    this.#sendSetup(session, initiation.msg1, now)
  }

  /** A SessionSetup from the session's peer (or somebody who says so: msg1 proves nothing). */
  setup(session: Session, msg1: Uint8Array, coordinates: Coordinates, now: Millis): void {
    const repeated = session.answers.find((answer) => equalBytes(answer.msg1, msg1))
    if (repeated !== undefined) {
      repeated.coordinates = coordinates
      // Copies that travelled together want one answer.
      if (now >= repeated.sentAt + TOGETHER_MS) this.#sendAck(session, repeated, now)
      return
    }
    if (session.initiation !== undefined) {
      if (winsInitiation(this.#host.identity.nodeAddr, session.remote)) {
        this.#host.counters.session.rekeyTiebreak++
        return
      }
      this.#host.counters.session.rekeyYielded++
      session.initiation = undefined
    }
    const { identity, rng, epoch } = this.#host
    const noise = new XkResponder({ identity, ephemeralSecret: rng.bytes(SECRET_SIZE), epoch })
    if (!noise.readMsg1(msg1).ok) {
      this.#host.counters.session.malformed++
      return
    }
    const answer: Answer = {
      noise,
      msg1: msg1.slice(),
      msg2: noise.writeMsg2(),
      startedAt: now,
      sentAt: now,
      coordinates,
    }
    session.answers.push(answer)
    if (session.answers.length > MAX_ANSWERS) session.answers.shift()
    session.rekeyPausedAt = now
    this.#sendAck(session, answer, now)
  }

  /** A SessionAck: completes our initiation, or asks for the msg3 that was lost. */
  ack(session: Session, msg2: Uint8Array, now: Millis): void {
    const initiation = session.initiation
    if (initiation === undefined) {
      if (session.unconfirmed === undefined) this.#host.counters.session.badState++
      else this.#sendMsg3(session, session.unconfirmed.msg3, now)
      return
    }
    const read = initiation.noise.readMsg2(msg2)
    if (!read.ok) {
      this.#host.counters.session.ackHandshakeFailed++
      return
    }
    const finished = initiation.noise.writeMsg3()
    session.initiation = undefined
    session.noteAnswer(now - initiation.startedAt, now - initiation.sentAt)
    const pace = this.#host.pace(session, now)
    const isRekey = session.isEstablished && !this.#hasRestarted(session, finished.remoteEpoch)
    // The peer asks for a lost first msg3 when our data arrives without it; in a rekey nothing would make it ask.
    const resend = isRekey || pace.repeatsMsg3 ? firstResend(pace, now) : { count: 0, at: Infinity }
    session.unconfirmed = { msg3: finished.message, sentAt: now, resend }
    this.#sendMsg3(session, finished.message, now)
    this.#install(session, finished, true, now)
  }

  /** A SessionMsg3: the peer proves who it is. */
  msg3(session: Session, msg3: Uint8Array, now: Millis): void {
    if (session.acceptedMsg3 !== undefined && equalBytes(session.acceptedMsg3, msg3)) {
      // Our side is up but the peer has not heard anything under the new keys.
      this.#events.probe(session, now)
      return
    }
    for (const answer of session.answers) {
      const read = answer.noise.readMsg3(msg3)
      if (!read.ok) continue
      session.answers = session.answers.filter((other) => other !== answer)
      if (nodeAddrOf(read.value.remoteStatic, this.#host.identity.crypto) !== session.remote) {
        this.#host.counters.session.addrMismatch++
        return
      }
      session.acceptedMsg3 = msg3.slice()
      session.publicKey = read.value.remoteStatic.slice()
      session.noteAnswer(now - answer.startedAt, now - answer.sentAt)
      this.#install(session, read.value, false, now)
      return
    }
    if (session.answers.length === 0) this.#host.counters.session.badState++
    else this.#host.counters.session.ackHandshakeFailed++
  }

  /** A frame came that only the keys of an unfinished handshake could open: its msg3 must be lost, so ask for it. */
  askForMsg3(session: Session, pace: Pace, now: Millis): void {
    const answer = session.answers.at(-1)
    if (answer !== undefined && now >= answer.sentAt + pace.resendMs) this.#sendAck(session, answer, now)
  }

  /** A frame opened under the pending keys: the peer has them and uses them. */
  peerMoved(session: Session, now: Millis): void {
    const asInitiator = session.unconfirmed !== undefined
    session.noteConfirmed(now)
    this.#promote(session, now)
    session.isInitiator = asInitiator
    if (!asInitiator) this.#events.probe(session, now)
  }

  /** Repeats, gives up and forgets what is due. False when the session has nothing left to live for. */
  tick(session: Session, pace: Pace, now: Millis): boolean {
    session.answers = session.answers.filter((answer) => now < answer.startedAt + ANSWER_LIFETIME_MS)
    const { initiation, unconfirmed } = session
    if (initiation !== undefined) {
      if (now >= initiation.startedAt + pace.handshakeTimeoutMs) {
        session.initiation = undefined
        session.rekeyPausedAt = now
      } else if (now >= initiation.resend.at) {
        initiation.resend = nextResend(pace, initiation.resend, now)
        initiation.sentAt = now
        this.#sendSetup(session, initiation.msg1, now)
      }
    }
    if (unconfirmed !== undefined && now >= unconfirmed.resend.at) {
      unconfirmed.resend = nextResend(pace, unconfirmed.resend, now)
      this.#sendMsg3(session, unconfirmed.msg3, now)
      this.#events.probe(session, now)
    } else if (unconfirmed !== undefined && now >= unconfirmed.sentAt + pace.handshakeTimeoutMs) {
      session.unconfirmed = undefined
      session.rekeyPausedAt = now
      // Most likely the peer has no such session. What is in use is greeted again in silence; what is not, when it is wanted.
      const isNew = session.epochs.pending === undefined
      if (isNew && pace.repeatsMsg3 && session.lastActivityAt <= unconfirmed.sentAt) return false
      const heard = session.unanswered === undefined
      if (unconfirmedOutcome(heard) === 'cut-over') this.#promote(session, now)
    }
    return session.isEstablished || session.initiation !== undefined || session.answers.length > 0
  }

  deadline(session: Session, pace: Pace): Millis {
    const { initiation, unconfirmed } = session
    let at = Infinity
    if (initiation !== undefined)
      at = Math.min(initiation.resend.at, initiation.startedAt + pace.handshakeTimeoutMs)
    if (unconfirmed !== undefined)
      at = Math.min(at, unconfirmed.resend.at, unconfirmed.sentAt + pace.handshakeTimeoutMs)
    for (const answer of session.answers) at = Math.min(at, answer.startedAt + ANSWER_LIFETIME_MS)
    return at
  }

  /**
   * New keys. First keys are used at once, and so are those of a peer that restarted, for it has no older ones. In a
   * rekey both sides hold them until one is seen using them; the initiator's probe starts that.
   */
  #install(session: Session, established: Established, asInitiator: boolean, now: Millis): void {
    const { crypto } = this.#host.identity
    const epoch = new KeyEpoch(
      crypto.cipher(established.keys.send),
      crypto.cipher(established.keys.receive),
      now,
    )
    const restarted = this.#hasRestarted(session, established.remoteEpoch)
    const isNew = !session.isEstablished
    session.remoteEpoch = established.remoteEpoch.slice()
    if (isNew || restarted) {
      session.epochs.replaceAll(epoch)
      session.isInitiator = asInitiator
      this.#startKeys(session, now)
      this.#events.established(session, isNew, now)
      return
    }
    session.epochs.addPending(epoch, now)
    if (asInitiator) this.#events.probe(session, now)
  }

  #hasRestarted(session: Session, remoteEpoch: Uint8Array): boolean {
    return session.remoteEpoch !== undefined && !equalBytes(session.remoteEpoch, remoteEpoch)
  }

  #promote(session: Session, now: Millis): void {
    if (!session.epochs.promote(now)) return
    this.#startKeys(session, now)
  }

  #startKeys(session: Session, now: Millis): void {
    session.keysSince = now
    session.rekeyJitterMs = (2 * randomUnit(this.#host.rng) - 1) * REKEY_JITTER_MS
    session.measurement.rekeyed(now)
  }

  #sendSetup(session: Session, msg1: Uint8Array, now: Millis): boolean {
    const payload = encodeSessionHandshake({
      type: 'setup',
      requestAck: false,
      bidirectional: false,
      source: this.#host.ownCoordinates(),
      destination: this.#host.coordinatesOf(session.remote, now),
      noise: msg1,
    })
    return this.#host.send(session.remote, payload, 'handshake', now)
  }

  #sendAck(session: Session, answer: Answer, now: Millis): void {
    answer.sentAt = now
    const payload = encodeSessionHandshake({
      type: 'ack',
      reserved: 0,
      source: this.#host.ownCoordinates(),
      destination: answer.coordinates,
      noise: answer.msg2,
    })
    this.#host.send(session.remote, payload, 'handshake', now)
  }

  #sendMsg3(session: Session, msg3: Uint8Array, now: Millis): void {
    const payload = encodeSessionHandshake({ type: 'msg3', reserved: 0, noise: msg3 })
    this.#host.send(session.remote, payload, 'handshake', now)
  }
}
