/**
 * An RNode's radio half without its serial half: a queue, the firmware's channel access, and the one byte the
 * firmware puts in front of each LoRa frame. Shared by the plain simulated board and the emulated modem.
 */
import { randomBelow, type Clock, type Millis, type Rng } from '../../core/index.ts'
import {
  MAX_PHY_BYTES,
  rnodeFlushesQueue,
  rnodePreambleSymbols,
  rnodeUsesLdro,
  timeOnAirMs,
} from '../airtime.ts'
import type { RadioParams } from '../board.ts'
import { AirtimeMeter, SHORT_TERM } from './airtime-meter.ts'
import { Contention, contentionTiming, type ContentionTiming } from './contention.ts'
import type { Ether, EtherPort } from './ether.ts'

/** Gap between the frames of a burst. */
const BURST_GAP: Millis = 4
/** Shortest time between two looks at the channel. */
const MIN_POLL: Millis = 1
const SPLIT_FLAG = 0x01
const MAX_SINGLE = MAX_PHY_BYTES - 1
/** Preamble the AVR build leaves in the chip, symbols. */
const CHIP_PREAMBLE = 8

export interface SimRadioSink {
  /** A whole packet, split halves joined; signal figures averaged over them. */
  received(payload: Uint8Array, rssiDbm: number, snrDb: number): void
  /** Packets left the queue and a burst of them begins (its loop blocks), or has ended. */
  burst(active: boolean): void
}

export interface SimRadioDeps {
  readonly clock: Clock
  readonly rng: Rng
  readonly ether: Ether
  readonly name: string
  /** AVR build: fixed slots and the chip's own preamble. */
  readonly avr?: boolean
}

export class SimRadio {
  readonly airtime: AirtimeMeter = new AirtimeMeter()
  readonly load: AirtimeMeter = new AirtimeMeter()
  /** The silent airtime lock: nothing is sent while it says so. */
  locked: () => boolean = () => false
  readonly #clock: Clock
  readonly #rng: Rng
  readonly #port: EtherPort
  readonly #contention: Contention
  readonly #avr: boolean
  readonly #sink: SimRadioSink
  #params: RadioParams | undefined
  readonly #queue: { readonly payload: Uint8Array; readonly done: (airtimeMs: Millis) => void }[] = []
  /** Since when the first packet has waited on a free channel. */
  #waitingSince: Millis | undefined
  #cancelAttempt: (() => void) | undefined
  #bursting = false
  #half: { sequence: number; payload: Uint8Array; rssiDbm: number; snrDb: number } | undefined

  constructor(deps: SimRadioDeps, sink: SimRadioSink) {
    this.#clock = deps.clock
    this.#rng = deps.rng
    this.#avr = deps.avr ?? false
    this.#sink = sink
    this.#contention = new Contention(deps.rng)
    this.#port = deps.ether.attach(deps.name, {
      received: (bytes, rssiDbm, snrDb) => this.#received(bytes, rssiDbm, snrDb),
    })
  }

  get queued(): number {
    return this.#queue.length
  }

  get queuedBytes(): number {
    return this.#queue.reduce((sum, packet) => sum + packet.payload.length, 0)
  }

  get bursting(): boolean {
    return this.#bursting
  }

  get preambleSymbols(): number {
    return this.#params === undefined || this.#avr ? CHIP_PREAMBLE : rnodePreambleSymbols(this.#params)
  }

  get timing(): ContentionTiming | undefined {
    return this.#params && contentionTiming(this.#params, this.#avr)
  }

  /** Starts listening (and sending what is queued) with `params`, or stops; a burst in the air is finished first. */
  tune(params: RadioParams | undefined): void {
    this.#params = params
    this.#half = undefined
    this.#waitingSince = undefined
    this.#cancelAttempt?.()
    this.#cancelAttempt = undefined
    if (this.#bursting) return
    this.#port.tune(params)
    this.#plan()
  }

  /** Queues one packet of 1..508 bytes; above 254 it goes out in two frames. `done` gets its time on air. */
  send(payload: Uint8Array, done: (airtimeMs: Millis) => void = () => {}): void {
    this.#queue.push({ payload: payload.slice(), done })
    this.#plan()
  }

  /** A reset: forgets the queue and goes silent at once, in mid frame if need be. */
  reset(): void {
    this.#queue.length = 0
    this.#bursting = false
    this.#port.abort()
    this.tune(undefined)
  }

  /** Looks again, after a lock was lifted. */
  poke(): void {
    this.#plan()
  }

  detach(): void {
    this.reset()
    this.#port.detach()
  }

  #plan(): void {
    if (this.#params === undefined || this.#bursting || this.#queue.length === 0 || this.locked()) return
    this.#cancelAttempt?.()
    this.#cancelAttempt = undefined
    const timing = contentionTiming(this.#params, this.#avr)
    const now = this.#clock.now()
    const busyUntil = this.#port.busyUntil()
    if (busyUntil !== undefined) {
      if (this.#waitingSince !== undefined) this.#contention.interrupt()
      this.#waitingSince = undefined
      this.#attemptAt(busyUntil)
      return
    }
    if (this.#waitingSince !== undefined && this.#port.freeSince > this.#waitingSince) {
      this.#contention.interrupt()
      this.#waitingSince = this.#port.freeSince
    }
    this.#waitingSince ??= now
    const at = this.#contention.mayStart(timing, this.#waitingSince)
    if (at <= now) this.#burst()
    else this.#attemptAt(at)
  }

  #attemptAt(instant: Millis): void {
    const delay = Math.max(instant - this.#clock.now(), MIN_POLL)
    this.#cancelAttempt = this.#clock.after(delay, () => this.#plan())
  }

  #burst(): void {
    const params = this.#params
    if (params === undefined) return
    const all = this.#avr || rnodeFlushesQueue(params)
    const packets = this.#queue.splice(0, all ? this.#queue.length : 1)
    const frames = packets.flatMap((packet) => {
      const pieces = this.#frames(packet.payload)
      let airtimeMs = 0
      return pieces.map((bytes, i) => {
        const ms = timeOnAirMs(params, bytes.length, this.preambleSymbols, rnodeUsesLdro(params))
        airtimeMs += ms
        const total = airtimeMs
        return { bytes, ms, left: i === pieces.length - 1 ? (): void => packet.done(total) : (): void => {} }
      })
    })
    this.#bursting = true
    this.#sink.burst(true)
    this.#sendNext(frames, 0)
  }

  #sendNext(frames: { bytes: Uint8Array; ms: Millis; left: () => void }[], index: number): void {
    const frame = frames[index]
    if (!this.#bursting) return
    if (frame === undefined) return this.#endBurst()
    this.#port.send(frame.bytes, frame.ms, this.preambleSymbols, () => {
      this.airtime.add(this.#clock.now(), frame.ms)
      this.load.add(this.#clock.now(), frame.ms)
      if (!this.#bursting) return
      frame.left()
      const more = index + 1 < frames.length
      if (more) this.#clock.after(BURST_GAP, () => this.#sendNext(frames, index + 1))
      else this.#endBurst()
    })
  }

  #endBurst(): void {
    const now = this.#clock.now()
    this.#bursting = false
    // The AVR build does not measure its airtime, so its window stays in the first band.
    this.#contention.sent(now, this.#avr ? 0 : this.airtime.share(now, SHORT_TERM))
    this.#waitingSince = undefined
    this.#port.tune(this.#params)
    this.#sink.burst(false)
    this.#plan()
  }

  /** The firmware's framing: a random high nibble, bit 0 set on both halves of a split packet. */
  #frames(payload: Uint8Array): Uint8Array[] {
    const header = randomBelow(this.#rng, 16) << 4
    if (payload.length <= MAX_SINGLE) return [prefixed(header, payload)]
    const split = header | SPLIT_FLAG
    return [
      prefixed(split, payload.subarray(0, MAX_SINGLE)),
      prefixed(split, payload.subarray(MAX_SINGLE)),
      // The firmware starts another frame after exactly two full ones and then has nothing to put into it.
      ...(payload.length === 2 * MAX_SINGLE ? [prefixed(split, new Uint8Array(0))] : []),
    ]
  }

  #received(bytes: Uint8Array, rssiDbm: number, snrDb: number): void {
    if (this.#params === undefined) return
    const now = this.#clock.now()
    const ms = timeOnAirMs(this.#params, bytes.length, this.preambleSymbols, rnodeUsesLdro(this.#params))
    this.load.add(now, ms)
    const header = bytes[0] ?? 0
    const payload = bytes.subarray(1)
    const sequence = header >> 4
    if ((header & SPLIT_FLAG) === 0) {
      this.#half = undefined
      if (payload.length > 0) this.#sink.received(payload, rssiDbm, snrDb)
      return
    }
    // One slot for all senders: a half with another sequence replaces the one that waits.
    const first = this.#half
    if (first?.sequence !== sequence) {
      this.#half = { sequence, payload: payload.slice(), rssiDbm, snrDb }
      return
    }
    this.#half = undefined
    const joined = new Uint8Array(first.payload.length + payload.length)
    joined.set(first.payload)
    joined.set(payload, first.payload.length)
    this.#sink.received(joined, (first.rssiDbm + rssiDbm) / 2, (first.snrDb + snrDb) / 2)
  }
}

function prefixed(header: number, payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(payload.length + 1)
  out[0] = header
  out.set(payload, 1)
  return out
}
