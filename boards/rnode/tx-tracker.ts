/**
 * When has a frame left the antenna? An RNode never says. Two signs tell: its airtime in STAT_CHTM steps up after a
 * burst, and a DETECT asked during a burst is answered only after it. Both mean "a burst has ended"; which frames
 * were in it follows from physics: those that were handed over before it began.
 */
import type { Clock, Millis } from '../../core/index.ts'
import type { TxResult } from '../board.ts'

/** Shortest and longest time between two probes. */
const MIN_PROBE_GAP: Millis = 20
const MAX_PROBE_GAP: Millis = 250
/** A probe that waited longer than this share of a frame's time on air was held up by a burst. */
const HELD_UP_SHARE = 1 / 3
/** Time on air as computed may exceed the real one by rounding. */
const AIRTIME_TOLERANCE = 0.95
/** Largest contention window of the firmware, slots. */
const MAX_WINDOW_SLOTS = 60
/** Foreign full frames a modem may have to wait for before it is given up. */
const FOREIGN_FRAMES = 6
/** What a host needs to notice anything. */
const HOST_SLACK: Millis = 1000
/** A probe not answered within this much beyond all time on air was lost on the line. */
const PROBE_LOST_AFTER: Millis = 500

export interface TxPhysics {
  /** Time on air of a payload of so many bytes, the modem's overhead included. */
  airtime(payloadBytes: number): Millis
  /** Frames queued together leave together; otherwise one by one. */
  readonly burstsOfMany: boolean
  readonly slotMs: Millis
  readonly longestFrameMs: Millis
}

interface Outstanding {
  readonly airtimeMs: Millis
  readonly handedAt: Millis
  readonly resolve: (result: TxResult) => void
}

export class TxTracker {
  /** Frames in a row whose end was never noticed. */
  unconfirmed = 0
  readonly #clock: Clock
  readonly #physics: TxPhysics
  readonly #probe: () => void
  readonly #onUnconfirmed: () => void
  readonly #frames: Outstanding[] = []
  #lastBurstEnd: Millis = -Infinity
  #probeSentAt: Millis | undefined
  /** Fastest answer to a probe so far: the line's own delay. */
  #roundTrip: Millis = Infinity
  #cancelProbe: (() => void) | undefined
  #cancelBackstop: (() => void) | undefined
  /** A probe has already told of the burst that the next STAT_CHTM will report. */
  #probeSawBurst = false
  /** The last STAT_CHTM; the first one is only the baseline. */
  #airtime: { readonly short: number; readonly long: number } | undefined

  /** `probe` sends one DETECT; `onUnconfirmed` is told when a frame was given up without a sign. */
  constructor(deps: { clock: Clock; physics: TxPhysics; probe: () => void; onUnconfirmed: () => void }) {
    this.#clock = deps.clock
    this.#physics = deps.physics
    this.#probe = deps.probe
    this.#onUnconfirmed = deps.onUnconfirmed
  }

  get outstanding(): number {
    return this.#frames.length
  }

  /** A frame of `payloadBytes` has been written to the modem. */
  add(payloadBytes: number, resolve: (result: TxResult) => void): void {
    const airtimeMs = this.#physics.airtime(payloadBytes)
    this.#frames.push({ airtimeMs, handedAt: this.#clock.now(), resolve })
    if (this.#frames.length > 1) return
    this.#scheduleProbe()
    this.#armBackstop()
  }

  /** STAT_CHTM: own airtime of the last seconds and of the last hour, in the modem's units. */
  channelTime(short: number, long: number): void {
    const before = this.#airtime
    this.#airtime = { short, long }
    const explained = this.#probeSawBurst
    this.#probeSawBurst = false
    if (before === undefined || explained) return
    if (short > before.short || long > before.long) this.#burstEnded('reported')
  }

  /** DETECT was answered. */
  probeAnswered(): void {
    const sentAt = this.#probeSentAt
    if (sentAt === undefined) return
    this.#probeSentAt = undefined
    this.#cancelProbe?.()
    this.#cancelProbe = undefined
    const took = this.#clock.now() - sentAt
    const [oldest] = this.#frames
    if (oldest !== undefined) {
      const line = Number.isFinite(this.#roundTrip) ? this.#roundTrip : 0
      const burstSince = this.#lastBurstEnd > sentAt
      if (!burstSince && took > line + oldest.airtimeMs * HELD_UP_SHARE)
        this.#probeSawBurst = this.#burstEnded('inferred')
    }
    this.#roundTrip = Math.min(this.#roundTrip, took)
    this.#scheduleProbe()
  }

  /** The modem is gone: nothing handed over can be relied on. */
  fail(reason: 'board-lost' | 'closed' | 'rejected'): void {
    this.#disarm()
    for (const frame of this.#frames.splice(0)) frame.resolve({ ok: false, reason })
  }

  /**
   * Settles what was in the burst; false when nothing can have been. A burst the modem itself reported held at least
   * the oldest frame, even if it seems too early: an emulated modem may run faster than this host's clock.
   */
  #burstEnded(sign: 'reported' | 'inferred'): boolean {
    const now = this.#clock.now()
    let airtime = 0
    let done = 0
    for (const frame of this.#frames) {
      airtime += frame.airtimeMs
      const since = Math.max(frame.handedAt, this.#lastBurstEnd)
      const possible = now - since >= airtime * AIRTIME_TOLERANCE
      if (!possible && !(sign === 'reported' && done === 0)) break
      done++
      if (!this.#physics.burstsOfMany) break
    }
    if (done === 0) return false
    this.#lastBurstEnd = now
    this.unconfirmed = 0
    for (const frame of this.#frames.splice(0, done)) frame.resolve({ ok: true, airtimeMs: frame.airtimeMs })
    this.#disarm()
    if (this.#frames.length > 0) {
      this.#scheduleProbe()
      this.#armBackstop()
    }
    return true
  }

  /** Asks at times at which a burst of the oldest frame cannot slip through unnoticed. */
  #scheduleProbe(): void {
    const [oldest] = this.#frames
    if (oldest === undefined || this.#cancelProbe !== undefined || this.#probeSentAt !== undefined) return
    const gap = Math.min(MAX_PROBE_GAP, Math.max(MIN_PROBE_GAP, oldest.airtimeMs / 4))
    this.#cancelProbe = this.#clock.after(gap, () => {
      this.#cancelProbe = undefined
      this.#sendProbe()
    })
  }

  #sendProbe(): void {
    const sentAt = this.#clock.now()
    this.#probeSentAt = sentAt
    this.#probe()
    const patience = this.#frames.reduce((sum, frame) => sum + frame.airtimeMs, PROBE_LOST_AFTER)
    this.#cancelProbe = this.#clock.after(patience * 2, () => {
      this.#cancelProbe = undefined
      this.#probeSentAt = undefined
      this.#scheduleProbe()
    })
  }

  #armBackstop(): void {
    const { slotMs, longestFrameMs } = this.#physics
    const own = this.#frames.reduce((sum, frame) => sum + frame.airtimeMs, 0)
    const patience = 2 * own + MAX_WINDOW_SLOTS * slotMs + FOREIGN_FRAMES * longestFrameMs + HOST_SLACK
    this.#cancelBackstop = this.#clock.after(patience, () => {
      this.unconfirmed++
      this.#disarm()
      for (const frame of this.#frames.splice(0)) frame.resolve({ ok: false, reason: 'timeout' })
      this.#onUnconfirmed()
    })
  }

  #disarm(): void {
    this.#cancelProbe?.()
    this.#cancelBackstop?.()
    this.#cancelProbe = undefined
    this.#cancelBackstop = undefined
    this.#probeSentAt = undefined
  }
}
