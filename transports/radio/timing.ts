/**
 * Every wait of the radio link, from physics: time on air of what must be sent, the modem's carrier sense, and one
 * foreign frame where there is foreign traffic. Nothing here is a fixed number of milliseconds but the host's own part.
 */
import type { FrameClass, Millis } from '../../core/index.ts'
import { ACK_BYTES, POLL_BYTES } from './wire.ts'

/** What the link layer knows of modem and modulation. */
export interface RadioTiming {
  /** Time on air of one radio frame with `payloadBytes`, the modem's own bytes included by the function. */
  airtimeMs(payloadBytes: number): Millis
  /** Largest payload of one radio frame, bytes. */
  readonly maxPayload: number
  /** One slot of the modem's contention window. */
  readonly slotMs: Millis
  /** What the modem listens before it transmits. */
  readonly difsMs: Millis
  /** In which both hosts and both serial lines turn a request into an answer. Default 60. */
  readonly hostTurnaroundMs?: Millis
}

/** Slots of the modem's own contention window at its widest (RNode: 0..14). */
const MODEM_WINDOW_SLOTS = 14
/** Share of the time on air from which a modem's window moves up a band, one more with every further step (RNode). */
const FIRST_BAND_SHARE = 0.07
const BAND_STEP_SHARE = 0.39
/** What we heard is not all that was sent. */
const SHARE_MARGIN = 0.02
const WINDOW_BANDS = 4
/** A modem that sends much waits up to so many slots more before its next burst (RNode: four bands of 15). */
const BUSY_MODEM_SLOTS = 45
/** Slots we draw from before starting. */
const START_WINDOW_SLOTS = 8
const MAX_WINDOW_DOUBLINGS = 4
/** Both hosts and both serial lines: an acknowledgement is decided and handed over in this time. */
export const HOST_TURNAROUND: Millis = 60
/** An acknowledgement with a few bitmaps, for the wait. */
const LONG_ACK_BYTES: number = ACK_BYTES + 9
/** Beacons answering a solicit spread over this many times on air. */
const BEACON_SPREAD = 16
/** A frame half received is given up after so many full frames without another fragment. */
const REASSEMBLY_FULL_FRAMES = 120
/** A poll pays when the fragment it saves is this many times longer. */
const POLL_WORTH = 2

/** Age in full frames' turns at which a queued frame is worth less than its airtime. */
const AGE_FULL_FRAMES: Readonly<Record<FrameClass, number>> = {
  handshake: 20,
  tree: 80,
  interactive: 30,
  filter: 80,
  bulk: 100,
  report: 30,
}

/**
 * The least of these ages: on a fast channel a busy modem's contention, not the frames, is what takes the time, and what
 * core would have to say again after a pause is better said late.
 */
const LEAST_AGE: Readonly<Record<FrameClass, Millis>> = {
  handshake: 20_000,
  tree: 60_000,
  interactive: 15_000,
  filter: 60_000,
  bulk: 30_000,
  report: 5_000,
}

export class Physics {
  readonly timing: RadioTiming
  readonly fullMs: Millis
  readonly pollMs: Millis

  constructor(timing: RadioTiming) {
    this.timing = timing
    this.fullMs = timing.airtimeMs(timing.maxPayload)
    this.pollMs = timing.airtimeMs(POLL_BYTES)
  }

  /**
   * From the end of a request to when its acknowledgement must have arrived, from a modem that has lately been on the
   * air for at most `share` (0..1) of the time.
   */
  ackWaitMs(foreignMs: Millis, share: number): Millis {
    return (
      (this.timing.hostTurnaroundMs ?? HOST_TURNAROUND) +
      this.timing.difsMs +
      windowSlots(share + SHARE_MARGIN) * this.timing.slotMs +
      this.timing.airtimeMs(LONG_ACK_BYTES) +
      foreignMs
    )
  }

  /** The same while the other side is in the middle of a burst: what its modem holds goes first. */
  busyAckWaitMs(share: number): Millis {
    return this.ackWaitMs(this.fullMs, share) + BUSY_MODEM_SLOTS * this.timing.slotMs
  }

  /**
   * Width of the window from which the start of a burst is drawn. After `setbacks` in a row it is whole frames wide:
   * a station that cannot hear ours was probably sending, and only time keeps the two apart.
   */
  startWindowMs(setbacks: number): Millis {
    const slots = START_WINDOW_SLOTS * this.timing.slotMs
    return setbacks === 0 ? slots : slots + 2 ** Math.min(setbacks, MAX_WINDOW_DOUBLINGS) * this.fullMs
  }

  /** How long to leave the channel to an acknowledgement that others are waiting for. */
  courtesyMs(): Millis {
    return (
      this.timing.difsMs + (MODEM_WINDOW_SLOTS / 2) * this.timing.slotMs + this.timing.airtimeMs(ACK_BYTES)
    )
  }

  beaconSpreadMs(beaconBytes: number): Millis {
    return BEACON_SPREAD * this.timing.airtimeMs(beaconBytes)
  }

  reassemblyMs(): Millis {
    return REASSEMBLY_FULL_FRAMES * this.fullMs
  }

  maxAgeMs(frameClass: FrameClass): Millis {
    return Math.max(LEAST_AGE[frameClass], AGE_FULL_FRAMES[frameClass] * this.#turnMs)
  }

  /** A full frame and the usual wait before it, which outweighs it at high rates. */
  get #turnMs(): Millis {
    return this.fullMs + this.timing.difsMs + (MODEM_WINDOW_SLOTS / 2) * this.timing.slotMs
  }

  /** Whether asking again is cheaper than sending `payloadBytes` again. */
  pollPays(payloadBytes: number): boolean {
    return this.timing.airtimeMs(payloadBytes) > POLL_WORTH * this.pollMs
  }
}

/** The longest contention window of a modem that was on the air for `share` of the last seconds. */
function windowSlots(share: number): number {
  const band = share <= FIRST_BAND_SHARE ? 0 : 1 + Math.floor((share - FIRST_BAND_SHARE) / BAND_STEP_SHARE)
  return MODEM_WINDOW_SLOTS + Math.min(band, WINDOW_BANDS - 1) * (MODEM_WINDOW_SLOTS + 1)
}
