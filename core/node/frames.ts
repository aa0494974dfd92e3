/** Established frames in and out: the receiver index names the keys, the tag proves them, the window stops replays. */
import { ESTABLISHED_HEADER_SIZE, LINK_OVERHEAD } from '../fmp/index.ts'
import type { EstablishedFrame } from '../fmp/index.ts'
import type { FrameClass } from '../link.ts'
import type { LinkPath, LinkSession, Peer } from '../peer/index.ts'
import { outboundWins } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { NodeContext } from './context.ts'
import type { LinkTable } from './link-table.ts'
import { transmit } from './transmit.ts'

/** What is measured about frames, for the link reports. */
export interface FrameMeter {
  /** The spin bit of the next frame. */
  spinBit(peer: Peer, now: Millis): boolean
  sent(peer: Peer, session: LinkSession, counter: bigint, bytes: number, now: Millis): void
  received(peer: Peer, frame: EstablishedFrame, timestamp: number, bytes: number, now: Millis): void
}

/** An authentic message of a peer that is up; `congested` is the CE flag of its frame. */
export type MessageSink = (peer: Peer, message: Uint8Array, congested: boolean, now: Millis) => void

export class Frames {
  readonly #ctx: NodeContext
  readonly #links: LinkTable
  readonly #meter: FrameMeter
  readonly #deliver: MessageSink

  constructor(ctx: NodeContext, links: LinkTable, meter: FrameMeter, deliver: MessageSink) {
    this.#ctx = ctx
    this.#links = links
    this.#meter = meter
    this.#deliver = deliver
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
    switch (result.type) {
      case 'replayed':
        counters.link.replayed += 1
        peer.replaySuppressed += 1
        return
      case 'undecryptable':
        // Counted and shown, never acted on: anyone who saw an index could otherwise end the link.
        counters.link.decryptFailed += 1
        peer.decryptFailures += 1
        return
      case 'opened':
        break
    }
    peer.decryptFailures = 0
    this.#followKeys(peer, session, frame, from, now)
    this.#heard(peer, session, from, result.newest, now)
    if (peer.up === undefined) return
    const bytes = ESTABLISHED_HEADER_SIZE + frame.sealed.length
    peer.traffic.packetsReceived += 1
    peer.traffic.bytesReceived += bytes
    if (session === peer.keys.current) this.#meter.received(peer, frame, result.timestamp, bytes, now)
    if (frame.flags.ce) counters.congestion.ceReceived += 1
    if (result.message.length > 0) this.#deliver(peer, result.message, frame.flags.ce, now)
    else counters.link.malformedMessage += 1
  }

  /** Seals a message to a peer. False when it is not up, its transport is down, or the frame would not fit. */
  send(peer: Peer, message: Uint8Array, frameClass: FrameClass, now: Millis, congested = false): boolean {
    const { counters, timers, config } = this.#ctx
    const session = peer.keys.current
    if (peer.up === undefined || session === undefined) {
      counters.link.sendNoKeys += 1
      return false
    }
    if (message.length + LINK_OVERHEAD > peer.transport.mtu) {
      counters.link.sendTooBig += 1
      return false
    }
    if (!this.#ctx.transports.has(peer.path.transportId)) return false
    const counter = session.sendCounter
    const flags = { ce: congested, spin: this.#meter.spinBit(peer, now) }
    const frame = session.seal(message, flags, now)
    this.#meter.sent(peer, session, counter, frame.length, now)
    const spent = session.sendCounter >= BigInt(peer.timers.rekeyAfterMessages)
    const mayRekey = config.rekey.enabled && !peer.up.isRekeyFutile
    if (spent && mayRekey && peer.attempt === undefined) timers.setNoLater('rekey', peer.addr, now)
    return transmit(this.#ctx, peer, peer.path, frame, frameClass, now)
  }

  /** New keys come into use when their first frame does; the old ones end a while after that. */
  #followKeys(peer: Peer, session: LinkSession, frame: EstablishedFrame, from: LinkPath, now: Millis): void {
    const { timers } = this.#ctx
    if (peer.keys.movesTo(session, peer.timers.crossingPatienceMs, now)) {
      session.keyEpoch = frame.flags.keyEpoch
      if (peer.up !== undefined) peer.rekeyedByPeerAt = now
      this.#links.install(peer, session, from, now)
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
  #heard(peer: Peer, session: LinkSession, from: LinkPath, newest: boolean, now: Millis): void {
    peer.lastReceivedAt = now
    if (peer.up === undefined) return
    this.#ctx.timers.set('dead', peer.addr, now + peer.timers.deadMs)
    const moved = from.addr !== peer.path.addr && from.transportId === peer.path.transportId
    if (moved && newest && session === peer.keys.current) peer.path = from
  }
}
