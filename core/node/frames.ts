/** Established frames in and out: the receiver index names the keys, the tag proves them, the window stops replays. */
import { ESTABLISHED_HEADER_SIZE, LINK_OVERHEAD } from '../fmp/index.ts'
import type { EstablishedFrame } from '../fmp/index.ts'
import type { FrameClass, TransportAddr, TransportId } from '../link.ts'
import type { LinkPath, LinkSession, Peer } from '../peer/index.ts'
import { outboundWins } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { NodeContext } from './context.ts'
import type { LinkTable } from './link-table.ts'
import { countSent, transmit } from './transmit.ts'

/** What a frame that opened said about itself. */
export interface ArrivedFrame {
  readonly counter: number
  /** The sender's session clock, ms. */
  readonly timestamp: number
  readonly keyEpoch: boolean
  readonly ce: boolean
  readonly spin: boolean
  /** No later frame was seen before. */
  readonly isNewest: boolean
}

/** What is measured about frames, for the link reports. */
export interface FrameMeter {
  /** The spin bit of the next frame. */
  spinBit(peer: Peer, now: Millis): boolean
  sent(peer: Peer, session: LinkSession, counter: number, bytes: number, now: Millis): void
  received(peer: Peer, frame: ArrivedFrame, bytes: number, now: Millis): void
}

/** Who is told of what arrives. */
export interface FrameHost {
  /** An authentic message of a peer that is up; `congested` is the CE flag of its frame. */
  message(peer: Peer, message: Uint8Array, congested: boolean, now: Millis): void
  /** A frame of a peer that had fallen silent. */
  spokeAgain(peer: Peer, now: Millis): void
}

export class Frames {
  readonly #ctx: NodeContext
  readonly #links: LinkTable
  readonly #meter: FrameMeter
  readonly #host: FrameHost

  constructor(ctx: NodeContext, links: LinkTable, meter: FrameMeter, host: FrameHost) {
    this.#ctx = ctx
    this.#links = links
    this.#meter = meter
    this.#host = host
  }

  receive(frame: EstablishedFrame, from: LinkPath, now: Millis): void {
    const { counters, indexes } = this.#ctx
    const owner = indexes.owner(frame.receiverIndex)
    if (owner?.type !== 'session') {
      counters.link.unknownIndex += 1
      return
    }
    const { peer, session } = owner
    const result = session.open(frame, now)
    if (result.type !== 'opened') {
      this.refuse(peer, result.type)
      return
    }
    const { counter, flags } = frame
    const { timestamp, message, newest: isNewest } = result
    const { keyEpoch, ce, spin } = flags
    const arrived = { counter: Number(counter), timestamp, keyEpoch, ce, spin, isNewest }
    const bytes = ESTABLISHED_HEADER_SIZE + frame.sealed.length
    if (this.accept(peer, session, arrived, bytes, from.transportId, from.addr, now))
      this.#host.message(peer, message, ce, now)
  }

  /** A frame that did not open is counted and shown, never acted on: anyone who saw an index could otherwise end the link. */
  refuse(peer: Peer, reason: 'replayed' | 'undecryptable'): void {
    const { counters } = this.#ctx
    if (reason === 'replayed') {
      counters.link.replayed += 1
      peer.replaySuppressed += 1
    } else {
      counters.link.decryptFailed += 1
      peer.decryptFailures += 1
    }
  }

  /** Notes what follows from a frame that opened. False when its message is not to be delivered. */
  accept(
    peer: Peer,
    session: LinkSession,
    frame: ArrivedFrame,
    bytes: number,
    transportId: TransportId,
    addr: TransportAddr,
    now: Millis,
  ): boolean {
    peer.decryptFailures = 0
    this.#followKeys(peer, session, frame.keyEpoch, transportId, addr, now)
    this.#heard(peer, session, transportId, addr, frame.isNewest, now)
    if (peer.up === undefined) return false
    peer.traffic.packetsReceived += 1
    peer.traffic.bytesReceived += bytes
    if (session === peer.keys.current) this.#meter.received(peer, frame, bytes, now)
    if (frame.ce) this.#ctx.counters.congestion.ceReceived += 1
    return true
  }

  /** Seals a message to a peer. False when it is not up, its transport is down, or the frame would not fit. */
  send(peer: Peer, message: Uint8Array, frameClass: FrameClass, now: Millis, congested = false): boolean {
    const session = this.sender(peer, message.length)
    if (session === undefined) return false
    const counter = session.sendCounter
    const frame = session.seal(message, congested, this.#meter.spinBit(peer, now), now)
    this.#sealed(peer, session, counter, frame.length, now)
    return transmit(this.#ctx, peer, peer.path, frame, frameClass, now)
  }

  /**
   * `send` in place, without leaving: the message of `messageLength` bytes lies in the frame at `at`. Returns the length of the
   * frame, 0 when it cannot be sent.
   */
  sealAt(
    peer: Peer,
    bytes: Uint8Array,
    at: number,
    messageLength: number,
    congested: boolean,
    now: Millis,
  ): number {
    const session = this.sender(peer, messageLength)
    const transport = this.#ctx.transports.get(peer.path.transportId)
    if (session === undefined || transport === undefined) return 0
    const counter = session.sendCounter
    const length = session.sealAt(bytes, at, messageLength, congested, this.#meter.spinBit(peer, now), now)
    this.#sealed(peer, session, counter, length, now)
    countSent(transport, peer, length, now)
    return length
  }

  /** The keys to seal under; undefined, and counted, when a message of this size cannot be sent. */
  sender(peer: Peer, messageLength: number): LinkSession | undefined {
    const { counters } = this.#ctx
    const session = peer.keys.current
    if (peer.up === undefined || session === undefined) {
      counters.link.sendNoKeys += 1
      return undefined
    }
    if (messageLength + LINK_OVERHEAD > peer.transport.mtu) {
      counters.link.sendTooBig += 1
      return undefined
    }
    return this.#ctx.transports.has(peer.path.transportId) ? session : undefined
  }

  #sealed(peer: Peer, session: LinkSession, counter: number, bytes: number, now: Millis): void {
    const { timers, config } = this.#ctx
    this.#meter.sent(peer, session, counter, bytes, now)
    if (session.sendCounter < peer.timers.rekeyAfterMessages) return
    const mayRekey = config.rekey.enabled && peer.up?.isRekeyFutile === false
    if (mayRekey && peer.attempt === undefined) timers.setNoLater('rekey', peer.addr, now)
  }

  /** New keys come into use when their first frame does; the old ones end a while after that. */
  #followKeys(
    peer: Peer,
    session: LinkSession,
    keyEpoch: boolean,
    transportId: TransportId,
    addr: TransportAddr,
    now: Millis,
  ): void {
    const { timers } = this.#ctx
    if (peer.keys.movesTo(session, peer.timers.crossingPatienceMs, now)) {
      session.keyEpoch = keyEpoch
      if (peer.up !== undefined) peer.rekeyedByPeerAt = now
      this.#links.install(peer, session, { transportId, addr }, now)
      this.#endBeatenAttempt(peer)
    }
    const drains = session === peer.keys.current && peer.keys.previous !== undefined
    if (drains && timers.get('drain', peer.addr) === undefined) {
      timers.set('drain', peer.addr, now + peer.timers.drainMs)
    }
  }

  /** Keys that the peer began are in use: a handshake of ours that stands against them is over, unless it wins the tie. */
  #endBeatenAttempt(peer: Peer): void {
    const { attempt } = peer
    if (attempt === undefined) return
    if (attempt.isRekey || !outboundWins(this.#ctx.identity.nodeAddr, peer.addr)) this.#links.endAttempt(peer)
  }

  /** Only a frame later than all before it tells where the peer is; it may have moved within its transport. */
  #heard(
    peer: Peer,
    session: LinkSession,
    transportId: TransportId,
    addr: TransportAddr,
    isNewest: boolean,
    now: Millis,
  ): void {
    peer.lastReceivedAt = now
    if (peer.up === undefined) return
    peer.up.heardAt = now
    if (peer.up.isSilent) this.#host.spokeAgain(peer, now)
    const moved = addr !== peer.path.addr && transportId === peer.path.transportId
    if (moved && isNewest && session === peer.keys.current) peer.path = { transportId, addr }
  }
}
