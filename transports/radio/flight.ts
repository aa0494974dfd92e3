/**
 * The sending end of the ARQ: one channel per destination index (or name), and on it the frames that have started to
 * leave. A fragment is due, flying (sent, not yet reported on) or held (the far side has it).
 */
import type { FrameClass } from '../../core/index.ts'
import { chooseBits, counterCheck, isAbsolute, lowBits, type CounterBits } from './counter.ts'
import { bitSet, splitEvenly } from './fragments.ts'
import { takeApart } from './header.ts'
import { MAX_SENDS, MAX_SILENCES, WINDOW_FRAMES } from './limits.ts'
import type { Outgoing } from './queue.ts'
import { shortOf, type StationId } from './station.ts'
import {
  dataOverhead,
  encodePacket,
  namedOverhead,
  type AckPacket,
  type DataPacket,
  type Fragment,
  type NamedPacket,
} from './wire.ts'

type FramePacket = DataPacket | NamedPacket
type FragmentState = 'due' | 'flying' | 'held'

/** How far behind the newest counter a frame may start in the compact form. */
const MAX_OVERTAKEN = 64n

/** A frame that has started to leave. */
export class Flight {
  readonly outgoing: Outgoing
  readonly tag: number
  /** Of an established frame. */
  readonly counter: bigint | undefined
  /** The counter goes out whole, so nothing can be rebuilt wrong. */
  readonly absolute: boolean
  readonly #packets: readonly FramePacket[]
  readonly #states: FragmentState[]
  readonly #sends: number[]

  constructor(
    outgoing: Outgoing,
    tag: number,
    counter: bigint | undefined,
    absolute: boolean,
    packets: readonly FramePacket[],
  ) {
    this.outgoing = outgoing
    this.tag = tag
    this.counter = counter
    this.absolute = absolute
    this.#packets = packets
    this.#states = packets.map(() => 'due')
    this.#sends = packets.map(() => 0)
  }

  get frameClass(): FrameClass {
    return this.outgoing.frameClass
  }

  /** Reports in one piece are worth less than their acknowledgement; everything else is confirmed. */
  get confirmed(): boolean {
    return this.frameClass !== 'report' || this.#packets.length > 1
  }

  get fragments(): number {
    return this.#packets.length
  }

  get due(): number {
    return this.#count('due')
  }

  get flying(): number {
    return this.#count('flying')
  }

  /** Bytes of the next due fragment on the air. */
  nextBytes(): number {
    const packet = this.#packets[this.#states.indexOf('due')]
    return packet === undefined ? 0 : encodePacket(packet).length
  }

  /** Takes the next due fragment into the air. */
  send(ackRequested: boolean): Uint8Array {
    const at = this.#states.indexOf('due')
    this.#states[at] = 'flying'
    this.#sends[at] = (this.#sends[at] ?? 0) + 1
    const packet = this.#packets[at]
    return packet === undefined ? new Uint8Array(0) : encodePacket({ ...packet, ackRequested })
  }

  /**
   * What has left is due again, except what `held` says has arrived. The far side may have lost what it once had: a
   * fragment that came before the whole counter was known belongs to nothing.
   */
  report(held: (index: number) => boolean): void {
    this.#states.forEach((_, index) => (this.#states[index] = held(index) ? 'held' : 'due'))
  }

  /** A due fragment has been sent as often as it may. */
  get exhausted(): boolean {
    return this.#states.some((state, i) => state === 'due' && (this.#sends[i] ?? 0) >= MAX_SENDS)
  }

  /** Fragments that must be sent another time. */
  get resends(): number {
    return this.#states.filter((state, i) => state === 'due' && (this.#sends[i] ?? 0) > 0).length
  }

  #count(wanted: FragmentState): number {
    return this.#states.filter((state) => state === wanted).length
  }
}

export type ChannelTarget =
  | { readonly type: 'index'; readonly receiverIndex: number }
  | { readonly type: 'name'; readonly self: StationId }

export interface AckOutcome {
  readonly delivered: readonly Flight[]
  readonly lost: readonly Flight[]
  /** Delivered under a wrong counter: to be sent again in the absolute form. */
  readonly astray: readonly Flight[]
}

/** Frames towards one destination index, or towards a neighbour by name. */
export class SendChannel {
  readonly station: StationId
  readonly target: ChannelTarget
  readonly flights: Flight[] = []
  /** A request went unanswered: ask again before sending more. */
  pollDue = false
  silences = 0
  /** Requests in a row that stayed without answer, or whose burst was mostly lost. */
  setbacks = 0
  /** Tag that the running request names. */
  #requestTag = 0
  #floor = 0n
  #ceiling = 0n
  #absoluteNext = false
  #nextNameTag: number

  constructor(station: StationId, target: ChannelTarget, firstTag: number) {
    this.station = station
    this.target = target
    this.#nextNameTag = firstTag
  }

  get tagSpan(): number {
    return this.target.type === 'index' ? 0x100 : 0x10000
  }

  /**
   * Whether one more frame may start. Frames that share an acknowledgement must lie within what it covers; one that
   * gets its own only needs a free place, so that it can overtake.
   */
  canStart(outgoing: Outgoing, shared: boolean): boolean {
    if (this.flights.length === 0) return true
    if (this.target.type === 'name' || this.flights.length >= WINDOW_FRAMES) return false
    const form = takeApart(outgoing.frame)
    if (form.type !== 'established') return false
    const tag = lowBits(form.counter, 8)
    return this.flights.every((flight) => {
      // A leap of the counter must not take the estimate away from frames that are still under way.
      if (flight.counter !== undefined && form.counter > flight.counter + MAX_OVERTAKEN) return false
      if (!shared || flight.frameClass !== outgoing.frameClass) return true
      return this.#back(tag, flight.tag) < WINDOW_FRAMES
    })
  }

  /** Encodes a frame; undefined when it cannot be cut into fragments that fit, or the counter is not safe here. */
  start(outgoing: Outgoing, maxPayload: number, absolute: boolean): Flight | undefined {
    const form = takeApart(outgoing.frame)
    if (this.target.type === 'name' || form.type !== 'established') {
      const tag = this.#nextNameTag
      this.#nextNameTag = (tag + 1) & 0xffff
      const source = this.target.type === 'name' ? this.target.self : this.station
      const base = { source, target: shortOf(this.station), tag, ackRequested: false } as const
      const name = form.type === 'established' ? 'raw' : form.type
      const body = form.type === 'established' ? outgoing.frame : form.body
      const packets = cut(body, maxPayload, namedOverhead, (fragment, piece) => ({
        type: 'named',
        form: name,
        ...base,
        fragment,
        body: piece,
      }))
      return packets && new Flight(outgoing, tag, undefined, true, packets)
    }
    // The tag alone must place every fragment, also of a frame that newer ones have overtaken.
    if (this.#ceiling - form.counter > MAX_OVERTAKEN) return undefined
    const bits = this.#bitsFor(form.counter, absolute)
    if (bits === undefined) return undefined
    const tag = lowBits(form.counter, 8)
    const head = { flags: form.flags, bits, low: lowBits(form.counter, bits) }
    const packets = cut(
      form.body,
      maxPayload,
      (fragmented) => dataOverhead(fragmented, bits),
      (fragment, piece) => ({
        type: 'data',
        index: form.receiverIndex & 0xffff,
        tag,
        ackRequested: false,
        fragment,
        head: fragment === undefined || fragment.index === 0 ? head : undefined,
        body: piece,
      }),
    )
    if (packets === undefined) return undefined
    if (form.counter > this.#ceiling) this.#ceiling = form.counter
    return new Flight(outgoing, tag, form.counter, bits === 32, packets)
  }

  /** The request that has just been sent names this frame. */
  requested(flight: Flight): void {
    this.#requestTag = flight.tag
    this.pollDue = false
  }

  poll(): Uint8Array {
    const tag = this.#requestTag
    this.pollDue = false
    return encodePacket({
      type: 'poll',
      channel:
        this.target.type === 'index'
          ? { type: 'index', index: this.target.receiverIndex & 0xffff, tag }
          : { type: 'name', source: this.target.self, target: shortOf(this.station), tag },
    })
  }

  /** Whether `ack` speaks of this channel. */
  matches(ack: AckPacket): boolean {
    if (this.target.type === 'index')
      return ack.channel.type === 'index' && ack.channel.index === (this.target.receiverIndex & 0xffff)
    return (
      ack.channel.type === 'name' &&
      ack.channel.acker === shortOf(this.station) &&
      ack.channel.sender === shortOf(this.target.self)
    )
  }

  acknowledged(ack: AckPacket): AckOutcome {
    const delivered: Flight[] = []
    const astray: Flight[] = []
    const flown = this.#flying()
    for (const flight of this.flights.toReversed()) {
      const back = this.#back(ack.channel.tag, flight.tag)
      const partial = ack.partial.find((report) => report.back === back)
      if (back < WINDOW_FRAMES && (ack.complete & (1 << back)) !== 0) {
        // The check belongs to the newest complete frame, the lowest bit set.
        const checked = flight.counter !== undefined && (ack.complete & ((1 << back) - 1)) === 0
        const wrong = checked && ack.check !== counterCheck(flight.counter)
        if (checked) this.#absoluteNext = wrong
        if (wrong && flight.absolute) flight.report(() => false)
        else this.#settle(flight, wrong ? astray : delivered, wrong)
      } else if (partial !== undefined) flight.report((index) => bitSet(partial.bitmap, index))
      else if (back < WINDOW_FRAMES) flight.report(() => false)
    }
    this.silences = 0
    this.pollDue = false
    const missing = this.flights.reduce((sum, flight) => sum + flight.resends, 0)
    this.setbacks = flown > 1 && 2 * missing > flown ? this.setbacks + 1 : 0
    return { delivered, astray, lost: this.#dropExhausted() }
  }

  /** Nobody answered: ask again, or send a short frame again, or give up. Returns what is lost. */
  silence(pollPays: (bytes: number) => boolean): readonly Flight[] {
    this.silences++
    this.setbacks++
    if (this.silences > MAX_SILENCES) {
      const lost = this.flights.filter((flight) => flight.flying > 0)
      for (const flight of lost) this.#remove(flight)
      this.silences = 0
      this.pollDue = false
      return lost
    }
    const flying = this.flights.filter((flight) => flight.flying > 0)
    const only = flying.length === 1 ? flying[0] : undefined
    if (only?.fragments === 1 && !pollPays(only.outgoing.frame.length)) {
      only.report(() => false)
      return this.#dropExhausted()
    }
    this.pollDue = flying.length > 0
    return []
  }

  /** Class of the most urgent frame that a poll would settle. */
  pollClass(): FrameClass | undefined {
    return this.pollDue ? this.flights.find((flight) => flight.flying > 0)?.frameClass : undefined
  }

  #flying(): number {
    return this.flights.reduce((sum, flight) => sum + flight.flying, 0)
  }

  #bitsFor(counter: bigint, absolute: boolean): CounterBits | undefined {
    if (!absolute && !this.#absoluteNext) return chooseBits(counter, this.#floor, this.#ceiling)
    return isAbsolute(counter) ? 32 : undefined
  }

  #settle(flight: Flight, into: Flight[], wrong: boolean): void {
    this.#remove(flight)
    into.push(flight)
    if (!wrong && flight.counter !== undefined && flight.counter > this.#floor) this.#floor = flight.counter
  }

  #dropExhausted(): readonly Flight[] {
    const lost = this.flights.filter((flight) => flight.exhausted)
    for (const flight of lost) this.#remove(flight)
    return lost
  }

  #remove(flight: Flight): void {
    const at = this.flights.indexOf(flight)
    if (at >= 0) this.flights.splice(at, 1)
  }

  #back(newer: number, older: number): number {
    return (newer - older + this.tagSpan) % this.tagSpan
  }
}

function cut(
  body: Uint8Array,
  maxPayload: number,
  overhead: (fragmented: boolean) => number,
  packet: (fragment: Fragment | undefined, piece: Uint8Array) => FramePacket,
): readonly FramePacket[] | undefined {
  if (body.length <= maxPayload - overhead(false)) return [packet(undefined, body)]
  const pieces = splitEvenly(body, maxPayload - overhead(true))
  return pieces?.map((piece, index) => packet({ index, last: index === pieces.length - 1 }, piece))
}
