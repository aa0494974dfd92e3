/**
 * The radio link layer: whole FMP frames in and out on one side, radio frames of at most a modem's payload on the
 * other. Composition only: who sends what is `sender`, what arrives is `receiver`, when is `access`.
 *
 *   host: perform `step(input, now)`'s outputs in order, and `step({ type: 'tick' }, now)` at `deadline()`.
 */
import type { Millis } from '../../core/index.ts'
import { ChannelAccess } from './access.ts'
import type { AirCounters, RadioInput, RadioLinkOptions, RadioOutput } from './api.ts'
import { BeaconSchedule } from './beacon.ts'
import type { SendChannel } from './flight.ts'
import { MODEM_DEPTH, MODEM_DEPTH_FOR_ACKS, RADIO_MTU } from './limits.ts'
import { NeighbourTable, type RadioNeighbour } from './neighbours.ts'
import { Receiver, type Received } from './receiver.ts'
import { Sender, type Candidate } from './sender.ts'
import { isStationId, type StationId } from './station.ts'
import { Physics } from './timing.ts'
import {
  BEACON_BYTES,
  decodePacket,
  encodePacket,
  type AckPacket,
  type BeaconPacket,
  type RadioPacket,
} from './wire.ts'

/** Airtime that classes below `interactive` leave in the budget, in full frames: handshakes must still get out. */
const RESERVE_FULL_FRAMES = 3

interface InModem {
  readonly id: number
  readonly bytes: number
  readonly awaits: SendChannel | undefined
}

type Heard = Extract<RadioInput, { type: 'receive' }>

export class RadioLink {
  /** Airtime used, for views. */
  readonly air: AirCounters = { frames: 0, bytes: 0, ms: 0 }
  /** Radio frames and FMP frames dropped, by reason. */
  readonly drops: Record<string, number> = {}
  readonly #options: RadioLinkOptions
  readonly #sender: Sender
  readonly #receiver: Receiver
  readonly #access: ChannelAccess
  readonly #beacon: BeaconSchedule
  readonly #neighbours = new NeighbourTable()
  #physics: Physics
  #modem: InModem[] = []
  #nextId = 1
  #up = false
  #announced = false
  /** The budget refuses until then. */
  #budgetAt: Millis = -Infinity
  #startAt: Millis | undefined
  #out: RadioOutput[] = []

  constructor(options: RadioLinkOptions) {
    this.#options = options
    this.#sender = new Sender(options.station, options.rng)
    this.#receiver = new Receiver(options.station)
    this.#access = new ChannelAccess(options.rng)
    this.#beacon = new BeaconSchedule(options.rng)
    this.#physics = new Physics(options.timing)
  }

  step(input: RadioInput, now: Millis): readonly RadioOutput[] {
    this.#out = []
    switch (input.type) {
      case 'send':
        this.#send(input, now)
        break
      case 'receive':
        this.#receive(input, now)
        break
      case 'transmitted':
        this.#transmitted(input, now)
        break
      case 'up':
        this.#startUp(input.timing, now)
        break
      case 'down':
        this.#shutDown()
        break
      case 'tick':
        break
    }
    this.#timeouts(now)
    if (this.#up) this.#pump(now)
    this.#reportLosses()
    return this.#out
  }

  /** The next instant at which `tick` has something to do. */
  deadline(): Millis | undefined {
    if (!this.#up) return undefined
    const oldest = this.#receiver.oldest()
    const waits = [
      this.#access.deadline(),
      this.#sender.deadline(this.#physics),
      oldest === undefined ? undefined : oldest + this.#physics.reassemblyMs(),
    ]
    if (this.#modem.length < MODEM_DEPTH && this.#access.awaiting === undefined) {
      const startAt = this.#startAt ?? this.#beacon.dueAt
      if (startAt !== undefined) waits.push(Math.max(startAt, this.#budgetAt))
    }
    const known = waits.filter((at) => at !== undefined)
    return known.length === 0 ? undefined : Math.min(...known)
  }

  /** Who is within earshot. */
  neighbours(): readonly Readonly<RadioNeighbour>[] {
    return this.#neighbours.all()
  }

  /** FMP frames waiting to start. */
  get queued(): number {
    return this.#sender.queued
  }

  #send(input: Extract<RadioInput, { type: 'send' }>, now: Millis): void {
    const result = this.#admit(input.to, input.frame.length)
    this.#out.push({ type: 'verdict', result })
    if (result !== 'queued') return
    if (!this.#receiver.learn(input.frame, input.to)) this.#drop('index-clash')
    const { to, frameClass } = input
    const verdict = this.#sender.offer({ to, frameClass, frame: input.frame.slice(), queuedAt: now })
    if (verdict.type === 'full') this.#out[0] = { type: 'verdict', result: 'full' }
    if (verdict.type === 'replaced') this.#drop('replaced')
  }

  #admit(to: StationId, length: number): 'queued' | 'full' | 'too-large' | 'down' | 'no-route' {
    if (!this.#up) return 'down'
    if (length > RADIO_MTU) return 'too-large'
    if (!isStationId(to) || to === this.#options.station) return 'no-route'
    return this.#meet(to) === undefined ? 'full' : 'queued'
  }

  #receive(heard: Heard, now: Millis): void {
    if (!this.#up) return
    this.#access.heard(heard.payload.length, this.#physics, now)
    const decoded = decodePacket(heard.payload)
    if (!decoded.ok) {
      this.#access.heardForeign(heard.payload.length, false, this.#physics, now)
      this.#drop(decoded.code)
      return
    }
    const packet = decoded.value
    switch (packet.type) {
      case 'data':
        this.#take(packet, this.#receiver.data(packet, now), heard, now)
        break
      case 'named':
        this.#take(packet, this.#receiver.named(packet, this.#isKnown, now), heard, now)
        break
      case 'poll':
        this.#take(packet, this.#receiver.poll(packet, this.#isKnown), heard, now)
        break
      case 'ack':
        this.#acknowledge(packet, heard, now)
        break
      case 'beacon':
        this.#hearBeacon(packet, heard, now)
        break
    }
  }

  #take(packet: RadioPacket, received: Received, heard: Heard, now: Millis): void {
    switch (received.type) {
      case 'frame': {
        this.#sawStation(received.from, heard, now)
        this.#sender.learn(received.from, received.frame)
        const { rssiDbm, snrDb } = heard
        this.#out.push({ type: 'frame', from: received.from, frame: received.frame, rssiDbm, snrDb })
        break
      }
      case 'duplicate':
        this.#sawStation(received.from, heard, now)
        this.#drop('duplicate')
        break
      case 'partial':
        this.#sawStation(received.from, heard, now)
        break
      case 'foreign': {
        const wantsAnswer = packet.type === 'poll' || ('ackRequested' in packet && packet.ackRequested)
        this.#access.heardForeign(heard.payload.length, wantsAnswer, this.#physics, now)
        break
      }
      case 'dropped':
        this.#drop(received.reason)
        break
    }
  }

  #acknowledge(ack: AckPacket, heard: Heard, now: Millis): void {
    const settled = this.#sender.acknowledged(ack, this.#physics)
    if (settled === undefined) {
      this.#access.heardForeign(heard.payload.length, false, this.#physics, now)
      return
    }
    const { channel, outcome } = settled
    this.#access.answered(channel)
    this.#sawStation(channel.station, heard, now)
    const neighbour = this.#neighbours.get(channel.station)
    for (const { outgoing } of outcome.delivered) {
      if (neighbour !== undefined) neighbour.delivered++
      const { to, frame, frameClass } = outgoing
      this.#out.push({ type: 'delivered', to, frame, frameClass })
    }
    if (outcome.astray.length > 0) this.#drop('counter-astray')
  }

  #hearBeacon(beacon: BeaconPacket, heard: Heard, now: Millis): void {
    if (beacon.networkId !== this.#options.networkId) {
      this.#drop('other-network')
      return
    }
    const publicKey = beacon.publicKey.slice()
    const station = this.#options.stationOfKey(publicKey)
    if (station === this.#options.station) return
    if (this.#isKnown(station)) {
      const neighbour = this.#meet(station)
      if (neighbour !== undefined) neighbour.publicKey = publicKey
      this.#sawStation(station, heard, now)
      if (beacon.solicit && this.#options.beacon)
        this.#beacon.solicited(this.#physics.beaconSpreadMs(BEACON_BYTES), now)
    }
    this.#out.push({ type: 'station', station, publicKey, capabilities: beacon.capabilities })
  }

  #transmitted(input: Extract<RadioInput, { type: 'transmitted' }>, now: Millis): void {
    const entry = this.#modem.find((frame) => frame.id === input.id)
    if (entry === undefined) return
    this.#modem = this.#modem.filter((frame) => frame !== entry)
    if (input.ok) {
      this.air.frames++
      this.air.bytes += entry.bytes
      this.air.ms += input.airtimeMs
    } else this.#drop('transmit-failed')
    // A request that never left is answered by nobody: the same wait serves as its back-off.
    if (entry.awaits !== undefined) this.#access.requestSent(entry.awaits, this.#physics, now)
  }

  #startUp(timing: RadioLinkOptions['timing'] | undefined, now: Millis): void {
    if (timing !== undefined) this.#physics = new Physics(timing)
    if (this.#up) return
    this.#up = true
    if (this.#options.beacon) this.#beacon.start(this.#physics.beaconSpreadMs(BEACON_BYTES), now)
  }

  #shutDown(): void {
    this.#up = false
    this.#modem = []
    this.#announced = false
    this.#startAt = undefined
    this.#sender.clear()
    this.#receiver.clear()
    this.#access.reset()
    this.#beacon.stop()
  }

  #timeouts(now: Millis): void {
    const overdue = this.#access.overdue(now)
    if (overdue !== undefined) {
      const neighbour = this.#neighbours.get(overdue.station)
      if (neighbour !== undefined) neighbour.silences++
      this.#sender.silence(overdue, this.#physics)
    }
    this.#sender.expire(this.#physics, now)
    const stale = this.#receiver.expire(this.#physics.reassemblyMs(), now)
    if (stale > 0) this.#drop('reassembly-timeout', stale)
  }

  /** Hands frames to the modem while it has room, the channel is ours and the budget allows. */
  #pump(now: Millis): void {
    this.#startAt = undefined
    while (this.#receiver.owesAck && this.#modem.length < MODEM_DEPTH_FOR_ACKS) this.#sendAck(now)
    while (this.#modem.length < MODEM_DEPTH) {
      if (this.#access.awaiting !== undefined) return
      const candidate = this.#sender.peek(this.#physics)
      if (candidate === undefined) {
        this.#access.idle()
        this.#announce(now)
        return
      }
      const startAt = this.#access.startAt(this.#physics, candidate.channel.setbacks, now) ?? Infinity
      this.#startAt = startAt
      if (startAt > now || !this.#affords(candidate.bytes, reserved(candidate), now)) return
      this.#startAt = undefined
      this.#depart(candidate, now)
    }
  }

  #depart(candidate: Candidate, now: Millis): void {
    const departure = this.#sender.depart(candidate, this.#physics)
    if (departure === undefined) return
    this.#access.started(departure.awaits)
    const neighbour = this.#neighbours.get(candidate.channel.station)
    if (departure.awaits !== undefined && neighbour !== undefined) neighbour.requests++
    this.#transmit(departure.payload, departure.awaits, now)
  }

  /** An acknowledgement goes at once or not at all: later it would only be in the way. */
  #sendAck(now: Millis): void {
    const ack = this.#receiver.takeAck(this.#physics.timing.maxPayload)
    if (ack === undefined) this.#drop('ack-allowance')
    else if (this.#affords(ack.length, 0, now)) this.#transmit(ack, undefined, now)
    else this.#drop('ack-over-budget')
  }

  #announce(now: Millis): void {
    if (this.#beacon.dueAt === undefined || this.#beacon.dueAt > now) return
    if (!this.#affords(BEACON_BYTES, 0, now)) return
    const { networkId, capabilities, publicKey } = this.#options
    const solicit = !this.#announced
    this.#announced = true
    this.#beacon.sent(now)
    this.#transmit(
      encodePacket({ type: 'beacon', solicit, networkId, capabilities, publicKey }),
      undefined,
      now,
    )
  }

  #affords(bytes: number, reserveFrames: number, now: Millis): boolean {
    const airtime = this.#physics.timing.airtimeMs(bytes)
    let wait = this.#options.budget.allow(airtime + reserveFrames * this.#physics.fullMs, now)
    // A budget smaller than the reserve has nothing to keep back.
    if (wait === Infinity && reserveFrames > 0) wait = this.#options.budget.allow(airtime, now)
    if (wait > 0) this.#budgetAt = now + wait
    return wait <= 0
  }

  #transmit(payload: Uint8Array, awaits: SendChannel | undefined, now: Millis): void {
    const id = this.#nextId++
    this.#options.budget.spend(this.#physics.timing.airtimeMs(payload.length), now)
    this.#modem.push({ id, bytes: payload.length, awaits })
    this.#out.push({ type: 'transmit', id, payload })
  }

  #reportLosses(): void {
    for (const { outgoing, reason } of this.#sender.takeLosses()) {
      this.#drop(reason)
      const { to, frame, frameClass } = outgoing
      const neighbour = this.#neighbours.get(to)
      if (neighbour !== undefined && reason === 'no-ack') neighbour.lost++
      this.#out.push({ type: 'lost', to, frame, frameClass, reason })
    }
  }

  #sawStation(station: StationId, heard: Heard, now: Millis): void {
    this.#access.heardFrom(station, this.#physics, now)
    const neighbour = this.#meet(station)
    if (neighbour === undefined) return
    neighbour.rssiDbm = heard.rssiDbm
    neighbour.snrDb = heard.snrDb
    neighbour.lastHeardAt = now
  }

  /** Listed, or somebody we have sent to ourselves. */
  readonly #isKnown = (station: StationId): boolean =>
    this.#neighbours.get(station) !== undefined || this.#options.isKnown(station)

  #meet(station: StationId): RadioNeighbour | undefined {
    const { neighbour, forgotten } = this.#neighbours.meet(station, (other) => this.#sender.busy(other))
    if (forgotten !== undefined) this.#receiver.forget(forgotten)
    return neighbour
  }

  #drop(reason: string, count = 1): void {
    this.drops[reason] = (this.drops[reason] ?? 0) + count
  }
}

function reserved(candidate: Candidate): number {
  return candidate.frameClass === 'bulk' ||
    candidate.frameClass === 'filter' ||
    candidate.frameClass === 'report'
    ? RESERVE_FULL_FRAMES
    : 0
}
