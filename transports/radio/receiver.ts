/**
 * What arrives: finds the channel of a fragment, gives whole frames back bit for bit, and keeps the
 * acknowledgements that are owed. A stranger's frames and frames for others leave nothing behind.
 */
import type { Millis } from '../../core/index.ts'
import { joinEstablished, joinNamed, MIN_SEALED, takeApart } from './header.ts'
import { OwnIndices } from './indices.ts'
import { MAX_NAMED_SOURCES } from './limits.ts'
import { ReceiveChannel } from './reassembly.ts'
import { shortOf, type StationId } from './station.ts'
import {
  ackChannelOf,
  encodePacket,
  type AckChannel,
  type AckPacket,
  type DataPacket,
  type NamedPacket,
  type PollPacket,
} from './wire.ts'

export type Received =
  | { readonly type: 'frame'; readonly from: StationId; readonly frame: Uint8Array }
  /** Ours, but no whole frame (yet). */
  | { readonly type: 'partial'; readonly from: StationId }
  /** Already here, or contradicting what is. */
  | { readonly type: 'duplicate'; readonly from: StationId }
  /** For somebody else. */
  | { readonly type: 'foreign' }
  | { readonly type: 'dropped'; readonly reason: DropReason }

export type DropReason = 'stranger' | 'short' | 'uneven' | 'spoofed-self'

interface Owed {
  readonly channel: AckChannel
  readonly from: ReceiveChannel
}

export class Receiver {
  readonly #station: StationId
  readonly #short: number
  readonly #own = new OwnIndices()
  readonly #named = new Map<StationId, ReceiveChannel>()
  /** Acknowledgements owed, one a channel: the newest request covers the older ones. */
  readonly #owed = new Map<ReceiveChannel, Owed>()

  constructor(station: StationId) {
    this.#station = station
    this.#short = shortOf(station)
  }

  /** We send a handshake: its index will address us. False when its low half clashes with another link's. */
  learn(frame: Uint8Array, to: StationId): boolean {
    const form = takeApart(frame)
    return form.type === 'msg1' || form.type === 'msg2' ? this.#own.add(form.senderIndex, to) : true
  }

  data(packet: DataPacket, now: Millis): Received {
    const own = this.#own.get(packet.index)
    if (own === undefined) return { type: 'foreign' }
    if (packet.fragment === undefined && packet.body.length < MIN_SEALED)
      return { type: 'dropped', reason: 'short' }
    const result = own.channel.receive(packet, now)
    if (packet.ackRequested) this.#owe({ type: 'index', index: packet.index, tag: packet.tag }, own.channel)
    const from = own.station
    switch (result.type) {
      case 'complete':
        if (result.head === undefined || result.body.length < MIN_SEALED)
          return { type: 'dropped', reason: 'short' }
        return {
          type: 'frame',
          from,
          frame: joinEstablished(result.head.flags, own.receiverIndex, result.counter, result.body),
        }
      case 'refused':
        return { type: 'dropped', reason: 'uneven' }
      case 'partial':
      case 'duplicate':
        return { type: result.type, from }
    }
  }

  named(packet: NamedPacket, known: (station: StationId) => boolean, now: Millis): Received {
    if (packet.target !== this.#short) return { type: 'foreign' }
    if (packet.source === this.#station) return { type: 'dropped', reason: 'spoofed-self' }
    if (!known(packet.source)) return { type: 'dropped', reason: 'stranger' }
    const channel = this.#namedChannel(packet.source)
    const result = channel.receive({ ...packet, head: undefined }, now)
    if (packet.ackRequested) this.#owe(ackChannelOf(packet.source, packet.target, packet.tag), channel)
    const from = packet.source
    switch (result.type) {
      case 'complete': {
        const frame = joinNamed(packet.form, result.body)
        this.#synchronise(frame)
        return { type: 'frame', from, frame }
      }
      case 'refused':
        return { type: 'dropped', reason: 'uneven' }
      case 'partial':
      case 'duplicate':
        return { type: result.type, from }
    }
  }

  poll(packet: PollPacket, known: (station: StationId) => boolean): Received {
    const { channel } = packet
    if (channel.type === 'index') {
      const own = this.#own.get(channel.index)
      if (own === undefined) return { type: 'foreign' }
      this.#owe(channel, own.channel)
      return { type: 'partial', from: own.station }
    }
    if (channel.target !== this.#short) return { type: 'foreign' }
    if (!known(channel.source)) return { type: 'dropped', reason: 'stranger' }
    this.#owe(ackChannelOf(channel.source, channel.target, channel.tag), this.#namedChannel(channel.source))
    return { type: 'partial', from: channel.source }
  }

  get owesAck(): boolean {
    return this.#owed.size > 0
  }

  /** The next acknowledgement owed, at most `maxPayload` bytes; undefined when its asker has used up its share. */
  takeAck(maxPayload: number): Uint8Array | undefined {
    const next = this.#owed.values().next().value
    if (next === undefined) return undefined
    this.#owed.delete(next.from)
    const report = next.from.report(next.channel.tag)
    if (report === undefined) return undefined
    const ack: AckPacket = { type: 'ack', channel: next.channel, ...report }
    let partial = report.partial
    let bytes = encodePacket(ack)
    while (bytes.length > maxPayload && partial.length > 0) {
      partial = partial.slice(1)
      bytes = encodePacket({ ...ack, partial })
    }
    return bytes
  }

  /** Drops frames of which nothing has been heard for `lifetime`; returns how many. */
  expire(lifetime: Millis, now: Millis): number {
    let dropped = 0
    for (const channel of this.#channels()) dropped += channel.expire(lifetime, now)
    return dropped
  }

  /** When the oldest unfinished frame was last heard of. */
  oldest(): Millis | undefined {
    let oldest: Millis | undefined
    for (const channel of this.#channels()) {
      const at = channel.oldest()
      if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at
    }
    return oldest
  }

  forget(station: StationId): void {
    this.#own.forget(station)
    this.#named.delete(station)
  }

  /** The modem is gone: nobody waits for an answer any more. */
  clear(): void {
    this.#owed.clear()
    this.#named.clear()
    this.expire(0, Infinity)
  }

  *#channels(): Iterable<ReceiveChannel> {
    for (const own of this.#own.all()) yield own.channel
    yield* this.#named.values()
  }

  #owe(channel: AckChannel, from: ReceiveChannel): void {
    this.#owed.delete(from)
    this.#owed.set(from, { channel, from })
  }

  /** An established frame in raw form tells the whole counter. */
  #synchronise(frame: Uint8Array): void {
    const form = takeApart(frame)
    if (form.type !== 'established') return
    const own = this.#own.get(form.receiverIndex & 0xffff)
    if (own?.receiverIndex === form.receiverIndex) own.channel.synchronise(form.counter)
  }

  #namedChannel(source: StationId): ReceiveChannel {
    const channel = this.#named.get(source) ?? new ReceiveChannel('name')
    this.#named.delete(source)
    this.#named.set(source, channel)
    if (this.#named.size > MAX_NAMED_SOURCES) this.#named.delete(this.#named.keys().next().value!)
    return channel
  }
}
