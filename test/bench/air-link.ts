/** What the radio link makes of the channel under load and loss: transports over emulated modems, without nodes above. */
import {
  Ether,
  RNODE_PROFILES,
  RnodeBoard,
  RnodeEmulator,
  SeededRng,
  SimClock,
  timeOnAirMs,
} from '../../boards/index.ts'
import { nodeAddrOf, type FrameClass } from '../../core/index.ts'
import { LoraTransport } from '../../transports/index.ts'
import { established, msg1, msg2, openRegion, SF8 } from '../transports/radio/island.ts'
import { median } from './measure.ts'

const OPEN_LIMIT_MS = 60_000
const PATIENCE_MS = 60_000
/** The filter announce of stock FIPS, with its frame. */
const FILTER_SIZE = 1071
const BULK_SIZE = 1200
const PING_SIZE = 132
const GAP_MS = 2000
/** Frames waiting in the transport while a bulk transfer runs: enough that the air is never idle for want of data. */
const BULK_BACKLOG = 3

/** Bytes per second of full frames without a gap under the usual preamble: 254 of ours in each, one is the modem's. */
const MODEM_FRAME = 255
const MODEM_OWN = 1
const USUAL_PREAMBLE = 8
export const CEILING_BYTES_PER_S: number =
  ((MODEM_FRAME - MODEM_OWN) * 1000) / timeOnAirMs(SF8, MODEM_FRAME, USUAL_PREAMBLE)

interface Arrival {
  readonly to: LinkStation
  readonly frame: Uint8Array
}

interface LinkStation {
  readonly transport: LoraTransport
  readonly index: number
}

/** Stations that hear each other and know each other's indices. */
class Air {
  readonly clock: SimClock = new SimClock()
  readonly ether: Ether
  readonly stations: LinkStation[] = []
  onArrival: (arrival: Arrival) => void = () => {}
  #counter = 0n

  private constructor(seed: number) {
    this.ether = new Ether({ clock: this.clock, rng: new SeededRng(seed) })
  }

  static async open(seed: number, count: number, loss: number): Promise<Air> {
    const air = new Air(seed)
    for (let i = 0; i < count; i++) await air.#add(i, seed * 100 + i)
    for (const [i, a] of air.stations.entries())
      for (const b of air.stations.slice(i + 1)) await air.#greet(a, b)
    await air.clock.advance(GAP_MS)
    air.ether.setDefaultLink({ loss })
    return air
  }

  /** Sends a fresh established frame; returns it. */
  send(from: LinkStation, to: LinkStation, size: number, frameClass: FrameClass): Uint8Array {
    const frame = established(to.index, this.#counter++, size)
    from.transport.send(to.transport.localAddr, frame, frameClass)
    return frame
  }

  /** Sends and waits; the milliseconds until it was there, undefined when it did not come. */
  async deliver(
    from: LinkStation,
    to: LinkStation,
    size: number,
    frameClass: FrameClass,
  ): Promise<number | undefined> {
    const start = this.clock.now()
    let arrived = false
    const counted = this.onArrival
    const sent = this.send(from, to, size, frameClass)
    this.onArrival = (arrival) => {
      counted(arrival)
      arrived ||= arrival.to === to && sameFrame(arrival.frame, sent)
    }
    await this.clock.runUntil(() => arrived, PATIENCE_MS)
    this.onArrival = counted
    return arrived ? this.clock.now() - start : undefined
  }

  async #add(n: number, seed: number): Promise<void> {
    const { clock, ether } = this
    const name = `s${n}`
    const profile = RNODE_PROFILES.esp32
    const emulator = new RnodeEmulator({ clock, rng: new SeededRng(seed), ether, name, profile })
    const publicKey = new Uint8Array(32).fill(n + 1)
    const transport = new LoraTransport({
      board: new RnodeBoard({ open: emulator.open, clock, rng: new SeededRng(seed + 10) }),
      params: SF8,
      regionBudget: openRegion(SF8),
      self: { publicKey, nodeAddr: nodeAddrOf(publicKey) },
      clock,
      rng: new SeededRng(seed + 20),
      beacon: false,
    })
    const station = { transport, index: 0x1000 + n }
    const frame = (_from: string, bytes: Uint8Array) => this.onArrival({ to: station, frame: bytes.slice() })
    await clock.resolve(transport.open({ frame, state: () => {} }), OPEN_LIMIT_MS)
    this.stations.push(station)
  }

  /** The handshake frames that teach both transports the indices. */
  async #greet(a: LinkStation, b: LinkStation): Promise<void> {
    let arrived = 0
    this.onArrival = () => {
      arrived++
    }
    a.transport.send(b.transport.localAddr, msg1(a.index), 'handshake')
    await this.clock.runUntil(() => arrived === 1, PATIENCE_MS)
    b.transport.send(a.transport.localAddr, msg2(b.index, a.index), 'handshake')
    await this.clock.runUntil(() => arrived === 2, PATIENCE_MS)
    this.onArrival = () => {}
  }
}

export interface FrameCost {
  /** Share of the frames that arrived. */
  readonly delivered: number
  /** Time on air per delivered frame, both directions, s. */
  readonly airSeconds: number
}

/** Single frames of a filter's size, one after another. */
export async function frameCost(seed: number, loss: number, frames: number): Promise<FrameCost> {
  const air = await Air.open(seed, 2, loss)
  const [a, b] = [air.stations[0]!, air.stations[1]!]
  const before = air.ether.stats.ms
  let delivered = 0
  for (let i = 0; i < frames; i++) {
    if ((await air.deliver(a, b, FILTER_SIZE, 'filter')) !== undefined) delivered++
    await air.clock.advance(GAP_MS)
  }
  await air.clock.advance(PATIENCE_MS)
  return { delivered: delivered / frames, airSeconds: (air.ether.stats.ms - before) / delivered / 1000 }
}

/** Keeps the transport supplied with bulk frames; returns what has arrived. */
function transfer(air: Air): () => { readonly bytes: number } {
  const [a, b] = [air.stations[0]!, air.stations[1]!]
  let bytes = 0
  air.onArrival = ({ to, frame }) => {
    if (to === b && frame.length === BULK_SIZE) bytes += frame.length
  }
  const supply = (): void => {
    while (a.transport.queued < BULK_BACKLOG) air.send(a, b, BULK_SIZE, 'bulk')
    air.clock.after(100, supply)
  }
  supply()
  return () => ({ bytes })
}

/** Bytes of frames that a bulk transfer delivers, as a share of the ceiling. */
export async function bulkShare(seed: number, loss: number, durationMs: number): Promise<number> {
  const air = await Air.open(seed, 2, loss)
  const arrived = transfer(air)
  await air.clock.advance(PATIENCE_MS)
  const before = arrived().bytes
  await air.clock.advance(durationMs)
  return ((arrived().bytes - before) * 1000) / durationMs / CEILING_BYTES_PER_S
}

export interface PingLatency {
  /** Round trips beside a bulk transfer, as multiples of the median on a quiet channel. */
  readonly median: number
  readonly worst: number
  readonly lost: number
}

/** Small frames there and back while a bulk transfer goes the same way. */
export async function pingUnderBulk(seed: number, pings: number): Promise<PingLatency> {
  const air = await Air.open(seed, 2, 0)
  const quiet = median((await roundTrips(air, pings)).filter((rtt) => rtt !== undefined))
  transfer(air)
  await air.clock.advance(PATIENCE_MS)
  const busy = await roundTrips(air, pings)
  const back = busy.filter((rtt) => rtt !== undefined)
  return { median: median(back) / quiet, worst: Math.max(...back) / quiet, lost: busy.length - back.length }
}

async function roundTrips(air: Air, pings: number): Promise<(number | undefined)[]> {
  const [a, b] = [air.stations[0]!, air.stations[1]!]
  const rtts: (number | undefined)[] = []
  for (let i = 0; i < pings; i++) {
    const there = await air.deliver(a, b, PING_SIZE, 'interactive')
    const back = there === undefined ? undefined : await air.deliver(b, a, PING_SIZE, 'interactive')
    rtts.push(there === undefined || back === undefined ? undefined : there + back)
    await air.clock.advance(GAP_MS + 137 * (i % 10))
  }
  return rtts
}

/** Share delivered when three stations each send 200 bytes to the next at the same instant. */
export async function threeAtOnce(seed: number, rounds: number): Promise<number> {
  const air = await Air.open(seed, 3, 0)
  let arrived = 0
  air.onArrival = () => {
    arrived++
  }
  for (let round = 0; round < rounds; round++) {
    for (const [i, station] of air.stations.entries())
      air.send(station, air.stations[(i + 1) % 3]!, 200, 'interactive')
    await air.clock.advance(10_000)
  }
  return arrived / (3 * rounds)
}

function sameFrame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
