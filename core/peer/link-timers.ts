/**
 * How patient and how talkative a link is, by its profile. A stock link runs the reference's numbers, as configured.
 * A constrained link (LoRa, slow serial) takes its numbers from the physics: at SF8/125 a handshake frame is 0.35 s
 * on air and waits behind others for ten seconds on a busy channel, so a timer of the overlay would answer silence
 * with more of what caused it.
 */
import type { LinkProfile } from '../link.ts'
import type { NodeConfig } from '../node/config.ts'
import { randomUnit, type Rng } from '../random.ts'
import type { Millis } from '../time.ts'

const SECOND = 1000
const MINUTE: number = 60 * SECOND

export interface LinkTimers {
  /** Wait before the first resend of msg1. */
  readonly handshakeResendMs: Millis
  /** Factor on the wait after each resend. */
  readonly handshakeResendBackoff: number
  /** Share of the wait that is drawn at random on top, so that two that collided do not again. */
  readonly handshakeResendJitter: number
  readonly handshakeMaxResends: number
  /** Life of an unfinished handshake, ours or a peer's. */
  readonly handshakeTimeoutMs: Millis
  /** Time in which a peer that lost a tie must have noticed. */
  readonly crossingPatienceMs: Millis
  /** Silence of ours after which a heartbeat goes out. */
  readonly heartbeatMs: Millis
  /** Whether frames of other kinds put the heartbeat off. The reference sends one each interval in any case. */
  readonly heartbeatOnlyWhenSilent: boolean
  /** Silence of the peer after which the link is dead. */
  readonly deadMs: Millis
  readonly rekeyMs: Millis
  /** Either way around `rekeyMs`. */
  readonly rekeyJitterMs: Millis
  readonly rekeyAfterMessages: number
  /** Time for which old keys still open frames after the peer was seen to use the new ones. */
  readonly drainMs: Millis
  /** A peer that is up this long and has not said where it is in the tree never will: it is a leaf of ours. */
  readonly leafGraceMs: Millis
  /** TreeAnnounces to one peer: so many at once, then one per interval. */
  readonly announceBurst: number
  readonly announceIntervalMs: Millis
  /** Repeats of an announce that nothing has confirmed. */
  readonly announceResendMs: Millis
  /** The deepest place that we tell of and follow, if the MTU allows it: an announce has 32 bytes for each link to the root. */
  readonly announceDepth: number
  /** FilterAnnounces likewise. */
  readonly filterBurst: number
  readonly filterIntervalMs: Millis
  /** The first filter of a link waits this long for the tree, whose settling changes it. */
  readonly filterSettleMs: Millis
  /** A change waits until nothing has changed for so long, so that others can join it: for the parent, which passes it on. */
  readonly filterQuietMs: Millis
  /** The same for everybody else: what a child or a cross link hears of us is what all the others told us first. */
  readonly filterDownQuietMs: Millis
  /** But no change waits longer than this. */
  readonly filterHoldMs: Millis
  readonly filterResendMs: Millis
  /** Repeats of one content, of either kind of announce. */
  readonly announceMaxResends: number
  /** Whether sender and receiver reports are sent unasked. */
  readonly reports: boolean
  /** Round trip assumed for the cost of a link that is not measured; undefined where reports measure it. */
  readonly assumedRttMs: Millis | undefined
}

const CONSTRAINED: LinkTimers = {
  handshakeResendMs: 8 * SECOND,
  handshakeResendBackoff: 1.7,
  handshakeResendJitter: 0.25,
  handshakeMaxResends: 5,
  handshakeTimeoutMs: 3 * MINUTE,
  crossingPatienceMs: 40 * SECOND,
  // An idle link and its two stations may cost 300 B of air an hour. A heartbeat is 26 B behind a compact header and its
  // ack 7: three an hour from either end are 198 B. New keys (two handshake frames, the heartbeat that brings them into
  // use, their acks) are 230 B, 19 an hour when they come twice a day. The beacons of both are 74 B. Together 291 B.
  heartbeatMs: 20 * MINUTE,
  heartbeatOnlyWhenSilent: true,
  // Two heartbeats, each of which the radio repeats until it is acknowledged, and some minutes of a busy channel.
  deadMs: 45 * MINUTE,
  rekeyMs: 12 * 60 * MINUTE,
  rekeyJitterMs: 30 * MINUTE,
  rekeyAfterMessages: 65_536,
  drainMs: MINUTE,
  // An announce that was lost comes again after four minutes at the latest, and a change of filters costs airtime.
  leafGraceMs: 12 * MINUTE,
  announceBurst: 4,
  announceIntervalMs: 30 * SECOND,
  // A radio confirms an announce, which is then never repeated; this is for media that confirm nothing.
  announceResendMs: 4 * MINUTE,
  // 870 bytes, four frames of a radio: three seconds on air at SF8/125.
  announceDepth: 23,
  filterBurst: 3,
  filterIntervalMs: MINUTE,
  filterSettleMs: 12 * SECOND,
  filterQuietMs: 5 * SECOND,
  filterDownQuietMs: 8 * SECOND,
  filterHoldMs: MINUTE,
  filterResendMs: 30 * MINUTE,
  announceMaxResends: 3,
  reports: false,
  assumedRttMs: SECOND,
}

/** Announces of 0.5.2 that no report confirms are repeated after this long. */
const STOCK_ANNOUNCE_RESEND_MS: number = 30 * SECOND
/** Enough for the announces that follow a new link to settle, so that one filter says it all. */
const STOCK_FILTER_SETTLE_MS = 100
const STOCK_REKEY_JITTER_MS: number = 15 * SECOND
const STOCK_DRAIN_MS: number = 10 * SECOND
/** A stock node announces itself in its first frame; a microcontroller leaves after 31 s of heartbeats without reports. */
const STOCK_LEAF_GRACE_MS: number = 10 * SECOND

/** The timers of each profile under a configuration. */
export type LinkTimerTable = Readonly<Record<LinkProfile, LinkTimers>>

export function linkTimerTable(config: NodeConfig): LinkTimerTable {
  const { rateLimit, rekey } = config
  const filterDebounceMs = Math.min(STOCK_FILTER_SETTLE_MS, config.bloom.updateDebounceMs)
  const stock: LinkTimers = {
    handshakeResendMs: rateLimit.handshakeResendIntervalMs,
    handshakeResendBackoff: rateLimit.handshakeResendBackoff,
    handshakeResendJitter: 0,
    handshakeMaxResends: rateLimit.handshakeMaxResends,
    handshakeTimeoutMs: rateLimit.handshakeTimeoutSecs * SECOND,
    crossingPatienceMs: 5 * rateLimit.handshakeResendIntervalMs,
    heartbeatMs: config.heartbeatIntervalSecs * SECOND,
    heartbeatOnlyWhenSilent: false,
    deadMs: config.linkDeadTimeoutSecs * SECOND,
    rekeyMs: rekey.afterSecs * SECOND,
    // A short interval, as tests set it, keeps its order of magnitude.
    rekeyJitterMs: Math.min(STOCK_REKEY_JITTER_MS, (rekey.afterSecs * SECOND) / 2),
    rekeyAfterMessages: rekey.afterMessages,
    drainMs: STOCK_DRAIN_MS,
    leafGraceMs: STOCK_LEAF_GRACE_MS,
    announceBurst: 1,
    announceIntervalMs: config.tree.announceMinIntervalMs,
    announceResendMs: STOCK_ANNOUNCE_RESEND_MS,
    announceDepth: config.tree.maxDepth,
    filterBurst: 1,
    filterIntervalMs: config.bloom.updateDebounceMs,
    filterSettleMs: filterDebounceMs,
    filterQuietMs: filterDebounceMs,
    filterDownQuietMs: filterDebounceMs,
    filterHoldMs: filterDebounceMs,
    filterResendMs: STOCK_ANNOUNCE_RESEND_MS,
    // Whoever confirms none of these sends no reports; the tree is repeated every minute in any case.
    announceMaxResends: 3,
    reports: config.mmp.mode !== 'minimal',
    assumedRttMs: undefined,
  }
  const announceDepth = Math.min(CONSTRAINED.announceDepth, config.tree.maxDepth)
  return { stock, constrained: { ...CONSTRAINED, announceDepth } }
}

/** The wait before resend number `resends` + 1. */
export function resendDelay(timers: LinkTimers, resends: number, rng: Rng): Millis {
  const wait = timers.handshakeResendMs * timers.handshakeResendBackoff ** resends
  return wait * (1 + timers.handshakeResendJitter * randomUnit(rng))
}

/** A burst of losses on a medium that confirms frames: a collision, a fade, a peer that does not listen just now. */
const LOSS_DELAY: Millis = 20 * SECOND
const LOSS_BACKOFF = 3

/** The wait before what the medium lost `losses` times in a row goes again: 20 s, then 1, 3, 9 and 27 minutes, and jitter. */
export function lossDelay(timers: LinkTimers, losses: number, rng: Rng): Millis {
  return LOSS_DELAY * LOSS_BACKOFF ** (losses - 1) * (1 + timers.handshakeResendJitter * randomUnit(rng))
}

/** The age at which the keys of a session are renewed. */
export function rekeyDelay(timers: LinkTimers, rng: Rng): Millis {
  return timers.rekeyMs + timers.rekeyJitterMs * (2 * randomUnit(rng) - 1)
}

/** The wait before a peer is dialled again after `failures` rounds without success. */
export function redialDelay(config: NodeConfig, failures: number): Millis {
  const { baseIntervalSecs, maxBackoffSecs } = config.retry
  return Math.min(baseIntervalSecs * 2 ** failures, maxBackoffSecs) * SECOND
}
