/**
 * How fast a session may move. Over stock media these are the reference's timers. Over a path with a constrained
 * link (or one that turned out as slow) a round trip takes 10 to 20 s and every frame costs airtime that others
 * need: resends wait longer, keys live an hour, reports stay home.
 */
import type { NodeConfig } from '../node/config.ts'
import type { Millis } from '../time.ts'

export interface Pace {
  /** First wait for an answer to a handshake message; each further one is longer by `resendBackoff`. */
  readonly resendMs: Millis
  readonly resendBackoff: number
  readonly maxResends: number
  /** A first msg3 is repeated unasked until something comes back under its keys. */
  readonly repeatsMsg3: boolean
  /** A handshake of ours without an answer is given up after this. */
  readonly handshakeTimeoutMs: Millis
  /** Without application data for this long, a session is removed. Infinity = never. */
  readonly idleMs: Millis
  readonly rekeyAfterMs: Millis
  readonly rekeyAfterMessages: number
  /** Keys of the previous epoch still open frames for this long after their last use. */
  readonly drainMs: Millis
  /** First data packets, and those after a change of position, that carry coordinates for the routers on the path. */
  readonly warmupPackets: number
  /** Data out and nothing at all back for this long: the peer has probably lost the session, so greet it anew. */
  readonly silenceMs: Millis
  /** So much data at least: one packet a while may well be meant to have no answer. */
  readonly silencePackets: number
  /** How long traffic waits for a route and a session before the host is told. */
  readonly holdMs: Millis
  /** Packets that may wait for one destination; the oldest gives way. */
  readonly holdPackets: number
  /** Whether reports are sent. */
  readonly reports: boolean
}

/**
 * A round trip from which a path counts as constrained whatever its first link is. A setup and its ack over one LoRa hop
 * at SF7/125 take no less; wired paths across the world take half of it.
 */
export const SLOW_ROUND_TRIP_MS: Millis = 600

/** Where a message was repeated, or a lookup asked its way through busy nodes, only this long tells of a radio on the way. */
export const SLOW_ANSWER_MS: Millis = 2000

/** Spread of the rekey interval to either side, so that two ends seldom start at once. */
export const REKEY_JITTER_MS: Millis = 15_000

const DRAIN_MS: Millis = 10_000
const CONSTRAINED_DRAIN_MS: Millis = 120_000

/** No rekey of our own for this long after the peer started one. */
export const REKEY_DAMPENING_MS: Millis = 30_000

/**
 * How long our answer to a SessionSetup waits for msg3. Longer than the reference's 30 s: we may be on a fast link
 * while the initiator is behind a radio, and the table is bounded anyway.
 */
export const ANSWER_LIFETIME_MS: Millis = 120_000

/** The peer answers data, or reports on it within about a second. */
const STOCK_SILENCE_MS: Millis = 1500
const STOCK_HOLD_MS: Millis = 30_000

/** Above the 10 to 20 s of a two-hop radio round trip, so that a resend is for a loss and not for impatience. */
const CONSTRAINED_RESEND_MS: Millis = 20_000
const CONSTRAINED_BACKOFF = 1.5
const CONSTRAINED_MAX_RESENDS = 4
const CONSTRAINED_HANDSHAKE_TIMEOUT_MS: Millis = 240_000
const CONSTRAINED_REKEY_MS: Millis = 3_600_000
const CONSTRAINED_SILENCE_MS: Millis = 60_000
/** Coordinates are some 70 bytes beside each packet, and setup and ack have told them already. */
const CONSTRAINED_WARMUP_PACKETS = 1
const CONSTRAINED_SILENCE_PACKETS = 3
const CONSTRAINED_HOLD_MS: Millis = 120_000
/** All of them go out at once when the session is up, a second or two of airtime each: mostly repeats by then. */
const CONSTRAINED_HOLD_PACKETS = 4
/** A handshake costs three radio messages: keep the session ten times as long as stock does. */
const CONSTRAINED_IDLE_FACTOR = 10

export function paceOf(config: NodeConfig, constrained: boolean): Pace {
  const idleMs = config.session.idleTimeoutSecs === 0 ? Infinity : config.session.idleTimeoutSecs * 1000
  const rekeyAfterMs = config.rekey.enabled ? config.rekey.afterSecs * 1000 : Infinity
  const rekeyAfterMessages = config.rekey.afterMessages
  if (constrained) {
    return {
      resendMs: Math.max(CONSTRAINED_RESEND_MS, config.rateLimit.handshakeResendIntervalMs),
      resendBackoff: CONSTRAINED_BACKOFF,
      maxResends: Math.min(CONSTRAINED_MAX_RESENDS, config.rateLimit.handshakeMaxResends),
      repeatsMsg3: false,
      handshakeTimeoutMs: Math.max(
        CONSTRAINED_HANDSHAKE_TIMEOUT_MS,
        config.rateLimit.handshakeTimeoutSecs * 1000,
      ),
      idleMs: idleMs * CONSTRAINED_IDLE_FACTOR,
      rekeyAfterMs: Math.max(CONSTRAINED_REKEY_MS, rekeyAfterMs),
      rekeyAfterMessages,
      drainMs: CONSTRAINED_DRAIN_MS,
      warmupPackets: Math.min(CONSTRAINED_WARMUP_PACKETS, config.session.coordsWarmupPackets),
      silenceMs: CONSTRAINED_SILENCE_MS,
      silencePackets: CONSTRAINED_SILENCE_PACKETS,
      holdMs: CONSTRAINED_HOLD_MS,
      holdPackets: Math.min(CONSTRAINED_HOLD_PACKETS, config.session.pendingPacketsPerDest),
      reports: false,
    }
  }
  return {
    resendMs: config.rateLimit.handshakeResendIntervalMs,
    resendBackoff: config.rateLimit.handshakeResendBackoff,
    maxResends: config.rateLimit.handshakeMaxResends,
    repeatsMsg3: true,
    handshakeTimeoutMs: config.rateLimit.handshakeTimeoutSecs * 1000,
    idleMs,
    rekeyAfterMs,
    rekeyAfterMessages,
    drainMs: DRAIN_MS,
    warmupPackets: config.session.coordsWarmupPackets,
    silenceMs: STOCK_SILENCE_MS,
    silencePackets: 1,
    holdMs: STOCK_HOLD_MS,
    holdPackets: config.session.pendingPacketsPerDest,
    reports: config.sessionMmp.mode !== 'minimal',
  }
}

/** When to say a handshake message again. */
export interface Resend {
  /** Resends so far. */
  readonly count: number
  /** Infinity when there is no further one. */
  readonly at: Millis
}

export function firstResend(pace: Pace, now: Millis): Resend {
  return { count: 0, at: pace.maxResends > 0 ? now + pace.resendMs : Infinity }
}

export function nextResend(pace: Pace, last: Resend, now: Millis): Resend {
  const count = last.count + 1
  return {
    count,
    at: count < pace.maxResends ? now + pace.resendMs * pace.resendBackoff ** count : Infinity,
  }
}
