/** Radio links on an ideal channel with losses: virtual time, no collisions, nothing but `RadioLink`s. */
import { randomUnit, type FrameClass, type Rng } from '../../../core/index.ts'
import { SeededRng, timeOnAirMs } from '../../../boards/index.ts'
import {
  RadioLink,
  SubBandBudget,
  type LossReason,
  type RadioInput,
  type RadioLinkOptions,
  type RadioTiming,
} from '../../../transports/radio/index.ts'
import { SF8 } from './island.ts'

export const TIMING: RadioTiming = {
  airtimeMs: (bytes) => timeOnAirMs(SF8, bytes + 1, 18),
  maxPayload: 254,
  slotMs: 24.6,
  difsMs: 49.2,
}

export interface PureStation {
  readonly id: string
  readonly link: RadioLink
  readonly frames: { from: string; frame: Uint8Array }[]
  readonly delivered: Uint8Array[]
  readonly lost: { frame: Uint8Array; reason: LossReason }[]
  readonly sent: Uint8Array[]
  freeAt: number
}

interface Due {
  readonly at: number
  readonly run: () => void
}

export class PureAir {
  now = 0
  loss = 0
  readonly stations: PureStation[] = []
  readonly #rng: Rng
  #due: Due[] = []

  constructor(seed: number) {
    this.#rng = new SeededRng(seed)
  }

  add(id: string, options: Partial<RadioLinkOptions> = {}): PureStation {
    const link = new RadioLink({
      station: id,
      publicKey: new Uint8Array(32).fill(Number.parseInt(id.slice(0, 2), 16)),
      stationOfKey: (key) => (key[0] ?? 0).toString(16).padStart(2, '0').repeat(4),
      timing: TIMING,
      budget: new SubBandBudget(1),
      rng: this.#rng,
      networkId: 0,
      capabilities: 0,
      beacon: false,
      isKnown: () => true,
      ...options,
    })
    const station = { id, link, frames: [], delivered: [], lost: [], sent: [], freeAt: 0 }
    this.stations.push(station)
    this.step(station, { type: 'up' })
    return station
  }

  send(from: PureStation, to: PureStation, frame: Uint8Array, frameClass: FrameClass = 'bulk'): string {
    return this.step(from, { type: 'send', to: to.id, frame, frameClass }) ?? 'none'
  }

  step(station: PureStation, input: RadioInput): string | undefined {
    let verdict: string | undefined
    for (const output of station.link.step(input, this.now)) {
      switch (output.type) {
        case 'verdict':
          verdict = output.result
          break
        case 'frame':
          station.frames.push({ from: output.from, frame: output.frame })
          break
        case 'delivered':
          station.delivered.push(output.frame)
          break
        case 'lost':
          station.lost.push({ frame: output.frame, reason: output.reason })
          break
        case 'transmit':
          this.#transmit(station, output.id, output.payload)
          break
        case 'station':
          break
      }
    }
    return verdict
  }

  /** Runs until nothing is left to happen, or `limit` ms have passed. Throws when time stands still. */
  run(limit: number): void {
    const end = this.now + limit
    let standing = 0
    for (;;) {
      const next = this.#next()
      if (next === undefined || next.at > end) break
      standing = next.at > this.now ? 0 : standing + 1
      if (standing > 10_000) throw new Error(`time stands still at ${this.now}`)
      this.now = Math.max(this.now, next.at)
      next.run()
    }
    this.now = end
  }

  #next(): Due | undefined {
    let best: Due | undefined
    for (const due of this.#due) if (best === undefined || due.at < best.at) best = due
    const chosen = best
    if (chosen !== undefined) {
      best = { at: chosen.at, run: () => ((this.#due = this.#due.filter((d) => d !== chosen)), chosen.run()) }
    }
    for (const station of this.stations) {
      const at = station.link.deadline()
      if (at === undefined || at === Infinity || (best !== undefined && best.at <= at)) continue
      best = { at, run: () => void this.step(station, { type: 'tick' }) }
    }
    return best
  }

  #transmit(from: PureStation, id: number, payload: Uint8Array): void {
    const airtimeMs = TIMING.airtimeMs(payload.length)
    const copy = payload.slice()
    from.sent.push(copy)
    from.freeAt = Math.max(from.freeAt, this.now) + airtimeMs
    this.#due.push({
      at: from.freeAt,
      run: () => {
        for (const station of this.stations) {
          if (station === from || randomUnit(this.#rng) < this.loss) continue
          this.step(station, { type: 'receive', payload: copy, rssiDbm: -80, snrDb: 7 })
        }
        this.step(from, { type: 'transmitted', id, ok: true, airtimeMs })
      },
    })
  }
}
