/** Frames of an established session: sealing what goes out, opening what comes in. */
import { coordinatesSize } from '../coordinates.ts'
import { TOGETHER_MS } from '../copies.ts'
import {
  DATAGRAM_HEADER_SIZE,
  encodeData,
  sealSession,
  SESSION_MESSAGE_TYPES,
  SESSION_OVERHEAD,
  type SealedPayload,
} from '../fsp/index.ts'
import { TAG_SIZE } from '../crypto/index.ts'
import { MESSAGE_TYPE_SIZE } from '../fmp/index.ts'
import type { FrameClass } from '../link.ts'
import type { Millis } from '../time.ts'
import type { EpochSlot, KeyEpoch } from './epochs.ts'
import type { SessionHost } from './host.ts'
import type { Arrival, Session } from './session.ts'

/** A data packet up to this size is taken for somebody waiting: acknowledgements, pings, queries, keystrokes. */
const INTERACTIVE_SIZE = 256

export interface OpenedMessage {
  readonly type: number
  readonly body: Uint8Array
  readonly slot: EpochSlot
}

/** How important a data packet is, by the length of its payload. */
export function dataClass(payloadLength: number, isUrgent: boolean): FrameClass {
  return isUrgent || payloadLength <= INTERACTIVE_SIZE ? 'interactive' : 'bulk'
}

export class Traffic {
  readonly #host: SessionHost

  constructor(host: SessionHost) {
    this.#host = host
  }

  /** Sends a DataPacket. False when the session has no keys or there is no way for the frame. */
  sendData(
    session: Session,
    sourcePort: number,
    destinationPort: number,
    payload: Uint8Array,
    now: Millis,
    interactive: boolean,
  ): boolean {
    const body = encodeData(sourcePort, destinationPort, payload)
    const frameClass = dataClass(payload.length, interactive)
    const withCoordinates = this.#warmUp(session, body.length, now)
    if (!this.#seal(session, SESSION_MESSAGE_TYPES.data, body, frameClass, now, { withCoordinates }))
      return false
    session.stats.packetsSent++
    session.stats.bytesSent += payload.length
    session.lastActivityAt = now
    session.measurement.used()
    session.unanswered ??= { since: now, packets: 0 }
    session.unanswered.packets++
    return true
  }

  /** Sends any other session message. */
  sendMessage(
    session: Session,
    type: number,
    body: Uint8Array,
    frameClass: FrameClass,
    now: Millis,
  ): boolean {
    return this.#seal(session, type, body, frameClass, now, {})
  }

  /** An empty frame that carries nothing but both positions, for routers that lost them. */
  sendCoordinates(session: Session, now: Millis): boolean {
    return this.#seal(session, SESSION_MESSAGE_TYPES['coords-warmup'], EMPTY, 'interactive', now, {
      withCoordinates: true,
    })
  }

  /** An empty frame under the newest keys there are: it shows the peer that they work. */
  sendProbe(session: Session, now: Millis): boolean {
    return this.#seal(session, SESSION_MESSAGE_TYPES['coords-warmup'], EMPTY, 'handshake', now, {
      newestKeys: true,
    })
  }

  /** Opens a frame of the peer and notes its arrival. Undefined, and counted, when no key fits or it is a replay. */
  open(session: Session, arrival: Arrival, frame: SealedPayload, now: Millis): OpenedMessage | undefined {
    const result = session.epochs.open(frame, now)
    if (result === undefined) {
      this.#countUnopened(session, arrival, frame, now)
      return undefined
    }
    const { pathMtu, congested } = arrival
    const { opened, slot } = result
    session.heardAt = now
    session.unanswered = undefined
    // An empty frame is part of a greeting and does not make the next one any more useful.
    if (opened.messageType !== SESSION_MESSAGE_TYPES['coords-warmup']) session.silentGreetings = 0
    if (slot !== 'previous') {
      const counter = Number(frame.counter)
      const { timestamp, spin } = opened
      const size = frame.sealed.length - TAG_SIZE
      session.measurement.received({ counter, timestamp, size, congested, spin, pathMtu }, now)
    }
    return { type: opened.messageType, body: opened.body, slot }
  }

  #countUnopened(session: Session, { payload, via }: Arrival, { counter }: SealedPayload, now: Millis): void {
    const { forwarding, session: counters } = this.#host.counters
    // Where a msg3 is awaited, the counter may be one of its keys'.
    if (session.answers.length > 0 || !session.epochs.hasSeen(counter)) counters.decryptFailed++
    else if (now >= session.heardAt + TOGETHER_MS && !this.#host.mayCopy(via)) counters.replayed++
    else {
      forwarding.dropCopiedPackets++
      forwarding.dropCopiedBytes += DATAGRAM_HEADER_SIZE - MESSAGE_TYPE_SIZE + payload.length
    }
  }

  /** Whether the next data packet carries coordinates; when it has no room for them they go ahead alone. */
  #warmUp(session: Session, bodySize: number, now: Millis): boolean {
    if (session.warmupRemaining === 0 || this.#host.isNeighbour(session.remote)) return false
    session.warmupRemaining--
    const linkMtu = this.#host.firstLinkMtu(session.remote, now)
    if (linkMtu === undefined) return false
    const coordinates =
      coordinatesSize(this.#host.ownCoordinates()) +
      coordinatesSize(this.#host.coordinatesOf(session.remote, now))
    if (SESSION_OVERHEAD + bodySize + coordinates <= linkMtu) return true
    this.sendCoordinates(session, now)
    return false
  }

  #seal(
    session: Session,
    type: number,
    body: Uint8Array,
    frameClass: FrameClass,
    now: Millis,
    options: { readonly withCoordinates?: boolean; readonly newestKeys?: boolean },
  ): boolean {
    const { epochs } = session
    const usePending = options.newestKeys === true && epochs.pending !== undefined
    const epoch: KeyEpoch | undefined = usePending ? epochs.pending : epochs.current
    if (epoch === undefined) return false
    const counter = epoch.takeCounter()
    const timestamp = session.timestamp(now)
    const payload = sealSession(epoch.sealer, {
      keyEpoch: usePending ? !epochs.keyBit : epochs.keyBit,
      counter: BigInt(counter),
      timestamp,
      messageType: type,
      spin: session.measurement.spin,
      body,
      ...(options.withCoordinates === true
        ? {
            coordinates: {
              source: this.#host.ownCoordinates(),
              destination: this.#host.coordinatesOf(session.remote, now),
            },
          }
        : {}),
    })
    if (!this.#host.send(session.remote, payload, frameClass, now)) return false
    if (!usePending) session.measurement.sent(counter, timestamp, payload.length)
    return true
  }
}

const EMPTY = new Uint8Array(0)
