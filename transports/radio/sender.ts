/**
 * What leaves next. Chooses among polls, fragments under way and queued frames by class, keeps turns between
 * neighbours, and decides on which fragment an acknowledgement is asked.
 */
import type { FrameClass, Millis, Rng } from '../../core/index.ts'
import { randomU32 } from '../../core/index.ts'
import type { LossReason } from './api.ts'
import { Flight, SendChannel, type AckOutcome } from './flight.ts'
import { takeApart } from './header.ts'
import { BURST_FRAGMENTS, MAX_INDICES_PER_NEIGHBOUR, MAX_NEIGHBOURS } from './limits.ts'
import { CLASSES, OutgoingQueue, type Outgoing, type Verdict } from './queue.ts'
import { PeerIndices } from './peer-indices.ts'
import type { StationId } from './station.ts'
import type { Physics } from './timing.ts'
import { POLL_BYTES, type AckPacket } from './wire.ts'

/** Something that could be sent now. */
export type Candidate =
  | {
      readonly type: 'poll'
      readonly channel: SendChannel
      readonly frameClass: FrameClass
      readonly bytes: number
    }
  | {
      readonly type: 'fragment'
      readonly channel: SendChannel
      readonly flight: Flight
      readonly frameClass: FrameClass
      readonly bytes: number
    }
  | {
      readonly type: 'start'
      readonly channel: SendChannel
      readonly outgoing: Outgoing
      readonly frameClass: FrameClass
      readonly bytes: number
    }

/** A radio frame on its way to the modem. */
export interface Departure {
  readonly payload: Uint8Array
  /** Who must answer it before anything else is sent. */
  readonly awaits: SendChannel | undefined
}

export interface Loss {
  readonly outgoing: Outgoing
  readonly reason: LossReason
}

/** Channels kept for their counters; an idle one goes first. One with flights never does. */
const MAX_CHANNELS: number = MAX_NEIGHBOURS * MAX_INDICES_PER_NEIGHBOUR

/** Classes whose frames share one acknowledgement; the others are confirmed each at once. */
const BURST_CLASSES: ReadonlySet<FrameClass> = new Set<FrameClass>(['filter', 'bulk'])

export class Sender {
  readonly #station: StationId
  readonly #rng: Rng
  readonly #queue = new OutgoingQueue()
  readonly #channels = new Map<string, SendChannel>()
  readonly #learnt = new PeerIndices()
  readonly #losses: Loss[] = []
  /** The burst under way: to whom, of which class, and fragments since the last request. */
  #burst: { channel: SendChannel; frameClass: FrameClass; count: number } | undefined
  #lastStation: StationId = ''

  constructor(station: StationId, rng: Rng) {
    this.#station = station
    this.#rng = rng
  }

  get queued(): number {
    return this.#queue.size
  }

  offer(item: Outgoing): Verdict {
    const verdict = this.#queue.offer(item)
    if (verdict.type === 'displaced') this.#losses.push({ outgoing: verdict.victim, reason: 'displaced' })
    return verdict
  }

  /** A handshake of this station has arrived: it can be reached under the index it named. */
  learn(station: StationId, frame: Uint8Array): void {
    const form = takeApart(frame)
    if (form.type === 'msg1' || form.type === 'msg2') this.#learnt.add(station, form.senderIndex)
  }

  /** Anything queued or in flight towards this station. */
  busy(station: StationId): boolean {
    if (this.#queue.sizeOf(station) > 0) return true
    return this.#ofStation(station).some((channel) => channel.flights.length > 0)
  }

  peek(physics: Physics): Candidate | undefined {
    return this.#choose(physics) ?? (this.#settle() ? this.#choose(physics) : undefined)
  }

  /** Makes the radio frame of a candidate. Undefined when the frame does not fit this radio; it is lost then. */
  depart(candidate: Candidate, physics: Physics): Departure | undefined {
    const { channel } = candidate
    this.#lastStation = channel.station
    if (candidate.type === 'poll') {
      this.#burst = undefined
      return { payload: channel.poll(), awaits: channel }
    }
    const flight =
      candidate.type === 'fragment'
        ? candidate.flight
        : this.#start(channel, candidate.outgoing, physics.timing.maxPayload)
    if (flight === undefined) return undefined
    if (!flight.confirmed) return { payload: flight.send(false), awaits: undefined }
    const owner = channel.flights.includes(flight) ? channel : this.#named(channel.station)
    const { frameClass } = flight
    if (this.#burst?.channel !== owner || this.#burst.frameClass !== frameClass)
      this.#burst = { channel: owner, frameClass, count: 0 }
    this.#burst.count++
    const last = flight.due === 1
    const request =
      this.#burst.count >= BURST_FRAGMENTS ||
      (last && !(BURST_CLASSES.has(frameClass) && this.#moreFor(owner, flight)))
    const payload = flight.send(request)
    if (!request) return { payload, awaits: undefined }
    this.#burst = undefined
    owner.requested(flight)
    return { payload, awaits: owner }
  }

  /** The channel an acknowledgement is for, with what it says; undefined when it is for nobody here. */
  acknowledged(ack: AckPacket, physics: Physics): { channel: SendChannel; outcome: AckOutcome } | undefined {
    for (const channel of this.#channels.values()) {
      if (channel.flights.length === 0 || !channel.matches(ack)) continue
      const outcome = channel.acknowledged(ack)
      this.#lose(outcome.lost, 'no-ack')
      for (const astray of outcome.astray) this.#again(channel, astray, physics.timing.maxPayload)
      return { channel, outcome }
    }
    return undefined
  }

  /** Nobody answered the request on this channel. */
  silence(channel: SendChannel, physics: Physics): void {
    this.#lose(
      channel.silence((bytes) => physics.pollPays(bytes)),
      'no-ack',
    )
  }

  expire(physics: Physics, now: Millis): void {
    for (const outgoing of this.#queue.expire((frameClass) => physics.maxAgeMs(frameClass), now))
      this.#losses.push({ outgoing, reason: 'aged' })
  }

  deadline(physics: Physics): Millis | undefined {
    return this.#queue.deadline((frameClass) => physics.maxAgeMs(frameClass))
  }

  /** The modem is gone: everything is lost. */
  clear(): void {
    for (const outgoing of this.#queue.clear()) this.#losses.push({ outgoing, reason: 'board-lost' })
    for (const channel of this.#channels.values()) this.#lose(channel.flights, 'board-lost')
    this.#channels.clear()
    this.#burst = undefined
  }

  /** What has been lost since the last call. */
  takeLosses(): readonly Loss[] {
    return this.#losses.splice(0)
  }

  #choose(physics: Physics): Candidate | undefined {
    const stations = this.#inTurn()
    for (const frameClass of CLASSES) {
      const first = this.#burst?.frameClass === frameClass ? this.#burst.channel.station : undefined
      for (const station of first === undefined ? stations : [first, ...stations]) {
        const candidate = this.#ofClass(station, frameClass, physics)
        if (candidate !== undefined) return candidate
      }
    }
    return undefined
  }

  #ofClass(station: StationId, frameClass: FrameClass, physics: Physics): Candidate | undefined {
    for (const channel of this.#ofStation(station)) {
      if (channel.pollClass() === frameClass) return { type: 'poll', channel, frameClass, bytes: POLL_BYTES }
      if (channel.pollDue) continue
      const flight = channel.flights.find((f) => f.frameClass === frameClass && f.due > 0)
      if (flight !== undefined)
        return { type: 'fragment', channel, flight, frameClass, bytes: flight.nextBytes() }
    }
    const outgoing = this.#queue.first(station, frameClass)
    if (outgoing === undefined) return undefined
    const channel = this.#channelOf(outgoing)
    if (channel.pollDue || !channel.canStart(outgoing, BURST_CLASSES.has(frameClass))) return undefined
    const bytes = Math.min(outgoing.frame.length, physics.timing.maxPayload)
    return { type: 'start', channel, outgoing, frameClass, bytes }
  }

  /** Frames in the air that nobody has asked about (their burst ended early): ask now. */
  #settle(): boolean {
    let found = false
    for (const channel of this.#channels.values()) {
      const newest = channel.flights.findLast((flight) => flight.flying > 0)
      if (newest === undefined || channel.pollDue || channel.flights.some((flight) => flight.due > 0))
        continue
      channel.requested(newest)
      channel.pollDue = true
      found = true
    }
    return found
  }

  #start(channel: SendChannel, outgoing: Outgoing, maxPayload: number): Flight | undefined {
    this.#queue.remove(outgoing)
    const flight = channel.start(outgoing, maxPayload, false)
    if (flight !== undefined) {
      if (flight.confirmed) channel.flights.push(flight)
      return flight
    }
    const named = this.#named(channel.station)
    const raw = named.start(outgoing, maxPayload, true)
    if (raw === undefined) this.#losses.push({ outgoing, reason: 'unfit' })
    else if (raw.confirmed) named.flights.push(raw)
    return raw
  }

  /** Delivered under a wrong counter: once more, with the whole counter. */
  #again(channel: SendChannel, astray: Flight, maxPayload: number): void {
    const flight = channel.start(astray.outgoing, maxPayload, true)
    if (flight === undefined) this.#losses.push({ outgoing: astray.outgoing, reason: 'unfit' })
    else channel.flights.push(flight)
  }

  #moreFor(channel: SendChannel, current: Flight): boolean {
    const { frameClass } = current
    if (
      channel.flights.some(
        (flight) => flight !== current && flight.frameClass === frameClass && flight.due > 0,
      )
    )
      return true
    const next = this.#queue.first(channel.station, frameClass)
    return next !== undefined && this.#channelOf(next) === channel && channel.canStart(next, true)
  }

  #lose(flights: readonly Flight[], reason: LossReason): void {
    for (const flight of flights) this.#losses.push({ outgoing: flight.outgoing, reason })
  }

  #channelOf(outgoing: Outgoing): SendChannel {
    const form = takeApart(outgoing.frame)
    if (form.type !== 'established' || !this.#learnt.has(outgoing.to, form.receiverIndex))
      return this.#named(outgoing.to)
    return this.#channel(
      `${outgoing.to}/${form.receiverIndex}`,
      () => new SendChannel(outgoing.to, { type: 'index', receiverIndex: form.receiverIndex }, 0),
    )
  }

  #named(station: StationId): SendChannel {
    return this.#channel(
      station,
      () => new SendChannel(station, { type: 'name', self: this.#station }, randomU32(this.#rng) & 0xffff),
    )
  }

  #channel(key: string, make: () => SendChannel): SendChannel {
    const known = this.#channels.get(key)
    if (known !== undefined) return known
    if (this.#channels.size >= MAX_CHANNELS) {
      for (const [idle, channel] of this.#channels) {
        if (channel.flights.length > 0) continue
        this.#channels.delete(idle)
        break
      }
    }
    const channel = make()
    this.#channels.set(key, channel)
    return channel
  }

  #ofStation(station: StationId): readonly SendChannel[] {
    return [...this.#channels.values()].filter((channel) => channel.station === station)
  }

  /** Stations with something to send, the one served last at the end. */
  #inTurn(): readonly StationId[] {
    const stations = new Set<StationId>(this.#queue.stations())
    for (const channel of this.#channels.values())
      if (channel.flights.length > 0) stations.add(channel.station)
    const sorted = [...stations].toSorted()
    const next = sorted.findIndex((station) => station > this.#lastStation)
    return next < 0 ? sorted : [...sorted.slice(next), ...sorted.slice(0, next)]
  }
}
