/**
 * One end-to-end session with another node: its handshakes under way, its keys, its traffic. State only; what is
 * done with it is decided in `handshakes.ts`, `traffic.ts` and `timers.ts`.
 */
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import type { XkInitiator, XkResponder } from '../noise/index.ts'
import type { Coordinates } from '../coordinates.ts'
import type { Millis } from '../time.ts'
import { KeyEpochs } from './epochs.ts'
import type { SessionMeasurement } from './measurement.ts'
import { SLOW_ANSWER_MS, SLOW_ROUND_TRIP_MS, type Resend } from './pace.ts'

/** A SessionSetup of ours that waits for its Ack. The msg1 stays the same; coordinates are put in at each sending. */
export interface Initiation {
  readonly noise: XkInitiator
  readonly msg1: Uint8Array
  readonly startedAt: Millis
  /** When it was sent last. */
  sentAt: Millis
  resend: Resend
}

/** Our Ack to a peer's SessionSetup; waits for msg3. */
export interface Answer {
  readonly noise: XkResponder
  readonly msg1: Uint8Array
  readonly msg2: Uint8Array
  readonly startedAt: Millis
  /** When the Ack was sent last. */
  sentAt: Millis
  coordinates: Coordinates
}

/** A msg3 of ours that no frame under the new keys has confirmed yet. */
export interface Unconfirmed {
  readonly msg3: Uint8Array
  readonly sentAt: Millis
  resend: Resend
}

export interface Unanswered {
  /** When the first of it was sent. */
  readonly since: Millis
  packets: number
}

/** A session payload as it came out of its datagram. */
export interface Arrival {
  readonly source: NodeAddr
  /** The neighbour that brought it. */
  readonly via: NodeAddr
  readonly payload: Uint8Array
  /** Smallest link MTU on its way, by the datagram's header. */
  readonly pathMtu: number
  readonly congested: boolean
}

/** Frames that may have overtaken their msg3, kept for one peer: what is sent in the first moment. Later ones are dropped. */
const MAX_EARLY_FRAMES = 8

/** Half-open answers kept for one peer: one that restarts in mid handshake must not wait for its older try to die. */
export const MAX_ANSWERS = 2

export type SessionState = 'initiating' | 'awaiting-msg3' | 'established'

export class Session {
  readonly remote: NodeAddr
  readonly createdAt: Millis
  /** Known from the start when we initiate, from msg3 when the peer does. */
  publicKey: PublicKey | undefined
  /** We sent the SessionSetup of the keys in use. */
  isInitiator: boolean
  initiation: Initiation | undefined
  /** Newest last. */
  answers: Answer[] = []
  unconfirmed: Unconfirmed | undefined
  #early: Arrival[] = []
  /** The msg3 we accepted last: it comes again when our confirmation was lost. */
  acceptedMsg3: Uint8Array | undefined
  readonly epochs: KeyEpochs = new KeyEpochs()
  /** Changes when the peer restarts. */
  remoteEpoch: Uint8Array | undefined
  /** When the keys in use came into use; frames carry time relative to it. */
  keysSince: Millis = 0
  rekeyJitterMs: Millis = 0
  /** When a rekey last began at the peer, or was given up by us: both ends would only cross again at once. */
  rekeyPausedAt: Millis = -Infinity
  /** Application data, either way. */
  lastActivityAt: Millis
  /** When a frame of the peer opened last. */
  heardAt: Millis = -Infinity
  /** When its timers are looked at next. */
  wakeAt: Millis = Infinity
  /** When its timers were last planned after traffic of the data path. */
  plannedAt: Millis = -Infinity
  /** Data sent since anything authentic came from the peer. */
  unanswered: Unanswered | undefined
  /** Greetings made in silence since the peer last said anything of its own: each lengthens the patience. */
  silentGreetings = 0
  /** What the last handshake took there and back: no more than that, if it needed resends. */
  roundTripMs: Millis | undefined
  /** The path began with a constrained link when that was last looked at. */
  path: { readonly isConstrained: boolean; readonly checkedAt: Millis } | undefined
  /** Data packets that still carry coordinates. */
  warmupRemaining = 0
  readonly measurement: SessionMeasurement
  readonly stats: SessionStats = { packetsSent: 0, bytesSent: 0, packetsReceived: 0, bytesReceived: 0 }

  constructor(
    remote: NodeAddr,
    publicKey: PublicKey | undefined,
    isInitiator: boolean,
    measurement: SessionMeasurement,
    now: Millis,
  ) {
    this.measurement = measurement
    this.remote = remote
    this.publicKey = publicKey
    this.isInitiator = isInitiator
    this.createdAt = now
    this.lastActivityAt = now
  }

  /** Takes a copy. */
  keepEarly(arrival: Arrival): void {
    if (this.#early.length >= MAX_EARLY_FRAMES) return
    this.#early.push({ ...arrival, payload: arrival.payload.slice() })
  }

  takeEarly(): readonly Arrival[] {
    const early = this.#early
    this.#early = []
    return early
  }

  get state(): SessionState {
    if (this.epochs.current !== undefined) return 'established'
    return this.initiation === undefined ? 'awaiting-msg3' : 'initiating'
  }

  get isEstablished(): boolean {
    return this.epochs.current !== undefined
  }

  /** The path has shown itself to be slow, wherever its slow link is. Undefined while it has shown nothing. */
  get isSlow(): boolean | undefined {
    return this.roundTripMs === undefined ? undefined : this.roundTripMs >= SLOW_ROUND_TRIP_MS
  }

  /**
   * A message of ours was answered, so long after it was said first and last. When it was repeated nobody knows which copy
   * the answer is for. One that comes right behind a copy is most likely for that one, on a path that loses frames; on a slow
   * path it would seldom happen to.
   */
  noteAnswer(sinceFirstMs: Millis, sinceLastMs: Millis): void {
    const isSlow = sinceFirstMs >= SLOW_ANSWER_MS && sinceLastMs >= SLOW_ROUND_TRIP_MS
    if (sinceLastMs === sinceFirstMs || isSlow) this.roundTripMs = sinceFirstMs
  }

  /** A frame under the newest keys came: msg3 cannot have taken longer there and back. */
  noteConfirmed(now: Millis): void {
    if (this.unconfirmed === undefined) return
    this.roundTripMs = Math.min(this.roundTripMs ?? Infinity, now - this.unconfirmed.sentAt)
    this.unconfirmed = undefined
  }

  /** Milliseconds since the keys came into use, as the inner header carries them. */
  timestamp(now: Millis): number {
    return Math.floor(now - this.keysSince) >>> 0
  }
}

export interface SessionStats {
  packetsSent: number
  bytesSent: number
  packetsReceived: number
  bytesReceived: number
}
