/**
 * The shared LoRa ether: who hears which frame. Honest where it matters to protocols: half duplex, exact time on
 * air, collisions with capture, hidden nodes, per-pair signal and loss. Not modelled: fading, Doppler, other networks.
 */
import { randomUnit, type Clock, type Millis, type Rng } from '../../core/index.ts'
import { symbolMs } from '../airtime.ts'
import type { RadioParams } from '../board.ts'

/** How one station hears another. */
export interface EtherLink {
  readonly rssiDbm: number
  readonly snrDb: number
  /** Share of frames lost for no visible reason, 0..1. */
  readonly loss: number
}

export const DEFAULT_LINK: EtherLink = { rssiDbm: -60, snrDb: 9.5, loss: 0 }

/** A frame survives interference that is this much weaker. */
export const CAPTURE_DB = 6
/** Preamble symbols a receiver needs to find a frame; it must listen from then to the end. */
const LOCK_SYMBOLS = 5
/** Sync word and header after the preamble, while a receiver may still change to a stronger frame. */
const SYNC_AND_HEADER_SYMBOLS = 12.25
/** A carrier shorter than this many symbols is not sensed yet. */
const SENSE_SYMBOLS = 2
/** Energy a channel-activity check notices although it cannot demodulate it. */
const SENSE_RSSI_DBM = -99
/** Weakest SNR that demodulates, by spreading factor from 5. */
const SNR_LIMITS_DB: readonly number[] = [-2.5, -5, -7.5, -10, -12.5, -15, -17.5, -20]

/** What went on air. */
export interface AirFrame {
  readonly from: string
  /** PHY bytes, modem overhead included. */
  readonly bytes: Uint8Array
  readonly params: RadioParams
  readonly startedAt: Millis
  readonly airtimeMs: Millis
}

/** How a frame ended at one station that could have heard it. */
export type Reception = 'received' | 'collision' | 'lost' | 'deaf'

export type EtherEvent =
  | { readonly type: 'sent'; readonly frame: AirFrame }
  | { readonly type: 'heard'; readonly frame: AirFrame; readonly by: string; readonly outcome: Reception }

export interface EtherStats {
  frames: number
  bytes: number
  /** Sum of all times on air. */
  ms: number
  received: number
  collisions: number
  lost: number
  /** Frames that reached a station which was sending, off or busy with another frame. */
  deaf: number
}

/** Callbacks of one station's radio chip. */
export interface EtherSink {
  received(bytes: Uint8Array, rssiDbm: number, snrDb: number): void
}

interface Flight extends AirFrame {
  readonly sender: Station
  readonly endsAt: Millis
  /** Preamble and header are over: receivers no longer change to a stronger frame. */
  readonly settledAt: Millis
  /** Stations locked to this frame, and the worst interference each has met. */
  readonly listeners: Map<Station, { interferenceDbm: number }>
}

/** One station's hold on the ether; made by `Ether.attach`. */
export interface EtherPort {
  readonly name: string
  /** Listens with these parameters, or not at all. */
  tune(params: RadioParams | undefined): void
  /** Sends at once, deaf meanwhile; `done` runs when the frame has left. Throws when untuned or sending. */
  send(bytes: Uint8Array, airtimeMs: Millis, preambleSymbols: number, done: () => void): void
  /** When the carrier sensed now will have ended; undefined on a free channel. */
  busyUntil(): Millis | undefined
  /** When the last carrier this station could sense ended. */
  readonly freeSince: Millis
  /** Cuts the frame being sent, if any, as a reset does: nobody receives it and its `done` never runs. */
  abort(): void
  /** Leaves the ether. */
  detach(): void
}

export class Ether {
  readonly stats: EtherStats = {
    frames: 0,
    bytes: 0,
    ms: 0,
    received: 0,
    collisions: 0,
    lost: 0,
    deaf: 0,
  }
  readonly #clock: Clock
  readonly #rng: Rng
  readonly #stations = new Set<Station>()
  readonly #flights = new Set<Flight>()
  readonly #observers = new Set<(event: EtherEvent) => void>()
  readonly #links = new Map<string, EtherLink | undefined>()
  #defaultLink: EtherLink | undefined

  /** `defaultLink` holds for pairs that `link` was not called for; undefined makes strangers of all. */
  constructor(deps: { clock: Clock; rng: Rng; defaultLink?: EtherLink | undefined }) {
    this.#clock = deps.clock
    this.#rng = deps.rng
    this.#defaultLink = 'defaultLink' in deps ? deps.defaultLink : DEFAULT_LINK
  }

  /** Sets how `a` and `b` hear each other; undefined hides them from each other. */
  link(a: string, b: string, quality: Partial<EtherLink> | undefined): void {
    this.linkOneWay(a, b, quality)
    this.linkOneWay(b, a, quality)
  }

  /** Sets how `to` hears `from` only. */
  linkOneWay(from: string, to: string, quality: Partial<EtherLink> | undefined): void {
    this.#links.set(`${from}>${to}`, quality && { ...DEFAULT_LINK, ...quality })
  }

  /** Changes the link of all pairs that have none of their own. */
  setDefaultLink(quality: Partial<EtherLink> | undefined): void {
    this.#defaultLink = quality && { ...DEFAULT_LINK, ...quality }
  }

  /** Calls `sink` for every frame sent and every reception. The returned function stops that. */
  observe(sink: (event: EtherEvent) => void): () => void {
    this.#observers.add(sink)
    return () => this.#observers.delete(sink)
  }

  attach(name: string, sink: EtherSink): EtherPort {
    const station = new Station(name, sink, {
      send: (bytes, airtimeMs, preamble, done) => this.#send(station, bytes, airtimeMs, preamble, done),
      audible: () => this.#audibleTo(station),
      detach: () => this.#stations.delete(station),
    })
    this.#stations.add(station)
    return station
  }

  #send(from: Station, bytes: Uint8Array, airtimeMs: Millis, preamble: number, done: () => void): void {
    const params = from.tuned
    if (params === undefined || from.sending !== undefined) throw new Error(`${from.name} cannot send now`)
    const startedAt = this.#clock.now()
    const flight: Flight = {
      from: from.name,
      sender: from,
      bytes: bytes.slice(),
      params,
      startedAt,
      airtimeMs,
      endsAt: startedAt + airtimeMs,
      settledAt: startedAt + (preamble + SYNC_AND_HEADER_SYMBOLS) * symbolMs(params),
      listeners: new Map(),
    }
    from.unlock()
    from.sending = flight
    this.#flights.add(flight)
    this.stats.frames++
    this.stats.bytes += bytes.length
    this.stats.ms += airtimeMs
    this.#interfere(flight)
    const symbol = symbolMs(params)
    this.#clock.after(Math.max(0, preamble - LOCK_SYMBOLS) * symbol, () => this.#lock(flight))
    this.#clock.after(airtimeMs, () => {
      const cut = from.sending !== flight
      this.#land(flight, cut)
      if (!cut) done()
    })
    this.#emit({ type: 'sent', frame: flight })
  }

  /** A new carrier disturbs the receptions under way. */
  #interfere(by: Flight): void {
    for (const other of this.#flights) {
      if (other === by || !overlap(other.params, by.params)) continue
      for (const [listener, state] of other.listeners) {
        const heard = this.#linkOf(by.sender, listener)
        if (heard !== undefined) state.interferenceDbm = Math.max(state.interferenceDbm, heard.rssiDbm)
      }
    }
  }

  /** The preamble has lasted long enough: every listening station decides whether it follows this frame. */
  #lock(flight: Flight): void {
    for (const station of this.#stations) {
      const link = this.#linkOf(flight.sender, station)
      if (station === flight.sender || link === undefined || !canHear(station, flight, link)) continue
      const current = station.locked
      if (station.sending !== undefined) continue
      if (current !== undefined) {
        const held = this.#linkOf(current.sender, station)?.rssiDbm ?? -Infinity
        if (this.#clock.now() >= current.settledAt || link.rssiDbm < held + CAPTURE_DB) continue
        station.unlock()
      }
      let interferenceDbm = -Infinity
      for (const other of this.#flights) {
        if (other === flight || !overlap(other.params, flight.params)) continue
        interferenceDbm = Math.max(interferenceDbm, this.#linkOf(other.sender, station)?.rssiDbm ?? -Infinity)
      }
      station.locked = flight
      flight.listeners.set(station, { interferenceDbm })
    }
  }

  #land(flight: Flight, cut: boolean): void {
    this.#flights.delete(flight)
    if (!cut) flight.sender.sending = undefined
    const now = this.#clock.now()
    for (const station of this.#stations) {
      const link = this.#linkOf(flight.sender, station)
      if (station === flight.sender || link === undefined) continue
      if (senses(station, flight.params, link)) station.freeSince = now
      if (station.tuned === undefined || !canHear(station, flight, link)) continue
      const reception = flight.listeners.get(station)
      if (station.locked === flight) station.locked = undefined
      const outcome = cut ? 'lost' : this.#outcome(link, reception?.interferenceDbm)
      this.#count(outcome)
      this.#emit({ type: 'heard', frame: flight, by: station.name, outcome })
      if (outcome === 'received') station.sink.received(flight.bytes.slice(), link.rssiDbm, link.snrDb)
    }
  }

  #outcome(link: EtherLink, interferenceDbm: number | undefined): Reception {
    if (interferenceDbm === undefined) return 'deaf'
    if (link.rssiDbm < interferenceDbm + CAPTURE_DB) return 'collision'
    return link.loss > 0 && randomUnit(this.#rng) < link.loss ? 'lost' : 'received'
  }

  #count(outcome: Reception): void {
    switch (outcome) {
      case 'received':
        this.stats.received++
        break
      case 'collision':
        this.stats.collisions++
        break
      case 'lost':
        this.stats.lost++
        break
      case 'deaf':
        this.stats.deaf++
        break
    }
  }

  /** Flights this station senses now, however weakly. */
  #audibleTo(station: Station): Flight[] {
    const now = this.#clock.now()
    return [...this.#flights].filter((flight) => {
      const link = this.#linkOf(flight.sender, station)
      if (flight.sender === station || link === undefined || !senses(station, flight.params, link))
        return false
      return now - flight.startedAt >= SENSE_SYMBOLS * symbolMs(flight.params)
    })
  }

  #linkOf(from: Station, to: Station): EtherLink | undefined {
    const key = `${from.name}>${to.name}`
    return this.#links.has(key) ? this.#links.get(key) : this.#defaultLink
  }

  #emit(event: EtherEvent): void {
    for (const observer of this.#observers) observer(event)
  }
}

interface StationHooks {
  send(bytes: Uint8Array, airtimeMs: Millis, preamble: number, done: () => void): void
  audible(): Flight[]
  detach(): void
}

class Station implements EtherPort {
  readonly name: string
  readonly sink: EtherSink
  tuned: RadioParams | undefined
  sending: Flight | undefined
  locked: Flight | undefined
  freeSince: Millis = -Infinity
  readonly #hooks: StationHooks

  constructor(name: string, sink: EtherSink, hooks: StationHooks) {
    this.name = name
    this.sink = sink
    this.#hooks = hooks
  }

  tune(params: RadioParams | undefined): void {
    this.unlock()
    this.tuned = params
  }

  send(bytes: Uint8Array, airtimeMs: Millis, preambleSymbols: number, done: () => void): void {
    this.#hooks.send(bytes, airtimeMs, preambleSymbols, done)
  }

  busyUntil(): Millis | undefined {
    const ends = this.#hooks.audible().map((flight) => flight.endsAt)
    return ends.length === 0 ? undefined : Math.max(...ends)
  }

  unlock(): void {
    this.locked?.listeners.delete(this)
    this.locked = undefined
  }

  abort(): void {
    this.sending = undefined
  }

  detach(): void {
    this.abort()
    this.tune(undefined)
    this.#hooks.detach()
  }
}

function overlap(a: RadioParams, b: RadioParams): boolean {
  const apart = Math.abs(a.frequencyHz - b.frequencyHz)
  // Spreading factors are nearly orthogonal: only like disturbs like.
  return apart < (a.bandwidthHz + b.bandwidthHz) / 2 && a.spreadingFactor === b.spreadingFactor
}

function canHear(station: Station, flight: AirFrame, link: EtherLink): boolean {
  const tuned = station.tuned
  if (tuned === undefined) return false
  const { params } = flight
  return (
    tuned.frequencyHz === params.frequencyHz &&
    tuned.bandwidthHz === params.bandwidthHz &&
    tuned.spreadingFactor === params.spreadingFactor &&
    link.snrDb >= (SNR_LIMITS_DB[params.spreadingFactor - 5] ?? 0)
  )
}

function senses(station: Station, params: RadioParams, link: EtherLink): boolean {
  const tuned = station.tuned
  if (tuned === undefined) return false
  const near = Math.abs(tuned.frequencyHz - params.frequencyHz) < (tuned.bandwidthHz + params.bandwidthHz) / 2
  if (!near) return false
  if (link.rssiDbm > SENSE_RSSI_DBM) return true
  return (
    tuned.spreadingFactor === params.spreadingFactor &&
    link.snrDb >= (SNR_LIMITS_DB[params.spreadingFactor - 5] ?? 0)
  )
}
