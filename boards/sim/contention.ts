/**
 * When an RNode may transmit: listen-before-talk as the firmware really does it. Its random window counts from its
 * own previous transmission, so after a quiet spell a frame leaves exactly DIFS after it was queued, and two
 * stations triggered by one event collide. Hosts must add a delay of their own; simulations must show why.
 */
import { randomBelow, type Millis, type Rng } from '../../core/index.ts'
import { symbolMs } from '../airtime.ts'
import type { RadioParams } from '../board.ts'

const SLOT_SYMBOLS = 12
const MIN_SLOT: Millis = 24
const MAX_SLOT: Millis = 100
const DIFS_SLOTS = 2
/** Width of one window band, slots. */
const WINDOW_SLOTS = 15
const WINDOW_BANDS = 4
/** Own recent airtime (share) up to which the first band holds, and from which the last does. */
const FIRST_BAND_AIRTIME = 0.07
const LAST_BAND_AIRTIME = 0.85

export interface ContentionTiming {
  readonly slotMs: Millis
  readonly difsMs: Millis
}

/** Slot and DIFS of these parameters; the AVR build has them fixed at 24 and 48 ms. */
export function contentionTiming(params: RadioParams, fixed = false): ContentionTiming {
  const slotMs = fixed ? MIN_SLOT : Math.min(MAX_SLOT, Math.max(MIN_SLOT, SLOT_SYMBOLS * symbolMs(params)))
  return { slotMs, difsMs: DIFS_SLOTS * slotMs }
}

/** The window of a modem that was on air for `recentShare` (0..1) of the last seconds. */
export function windowBand(recentShare: number): { readonly min: number; readonly max: number } {
  const step = (LAST_BAND_AIRTIME - FIRST_BAND_AIRTIME) / (WINDOW_BANDS - 2)
  const band =
    recentShare <= FIRST_BAND_AIRTIME
      ? 1
      : Math.min(WINDOW_BANDS, 2 + Math.floor((recentShare - FIRST_BAND_AIRTIME) / step))
  return { min: (band - 1) * WINDOW_SLOTS, max: band * WINDOW_SLOTS - 1 }
}

/** The contention state of one modem. */
export class Contention {
  readonly #rng: Rng
  #lastEnd: Millis = -Infinity
  #slots: number
  #interrupted = false

  constructor(rng: Rng) {
    this.#rng = rng
    this.#slots = randomBelow(rng, WINDOW_SLOTS)
  }

  /** Earliest instant for a frame that has waited on a free channel since `waitingSince`. */
  mayStart(timing: ContentionTiming, waitingSince: Millis): Millis {
    const sensed = waitingSince + timing.difsMs
    const window = this.#slots * timing.slotMs
    const from = this.#interrupted ? sensed : this.#lastEnd + timing.difsMs
    return Math.max(sensed, from + window)
  }

  /** A carrier came up during the wait: only then does the firmware count its window anew. */
  interrupt(): void {
    this.#interrupted = true
  }

  /** A burst has ended: a new window is drawn, counting from now. */
  sent(now: Millis, recentShare: number): void {
    const { min, max } = windowBand(recentShare)
    this.#lastEnd = now
    this.#interrupted = false
    this.#slots = min + randomBelow(this.#rng, max - min)
  }
}
