/**
 * A probe: how far one gets on the way to a node. Five stages, each with a verdict: does a filter claim it, does it say
 * where it is, does the tree lead there, does it answer a greeting, how long is the round trip. Names and verdicts are
 * the reference's. Pure: what is seen goes in, what to do comes out.
 */
import type { Coordinates, Millis, ReachView, ReportsView } from '../../core/index.ts'

export type StageName = 'bloom' | 'discovery' | 'path' | 'session' | 'rtt'
export type Verdict = 'pending' | 'running' | 'ok' | 'skipped' | 'failed'
export type Overall = 'running' | 'ok' | 'partial' | 'failed' | 'cancelled'
/** What the node is to do next. */
export type Act = 'look-up' | 'greet' | 'warm-up' | 'hang-up'

export type Reason =
  | 'cached'
  | 'direct_peer'
  | 'bloom_miss'
  | 'backoff_suppressed'
  | 'bloom_unconfirmed'
  | 'disjoint_trees'
  | 'no_next_hop'
  | 'preexisting'
  | 'send_error'
  | 'handshake_timeout'
  | 'no_report'
  | 'no_echo'
  | 'sub_millisecond'
  | 'bad_timestamp_echo'
  | 'not_reached'

export interface Stage {
  readonly verdict: Verdict
  readonly reason: Reason | null
  readonly elapsedMs: Millis | null
}

/** What is seen of the target at an instant. */
export interface Sight {
  readonly ownCoordinates: Coordinates
  readonly reach: ReachView
  /** Attempts of the lookup under way. */
  readonly lookupAttempt: number | undefined
  readonly session: SessionSight | undefined
}

export interface SessionSight {
  /** Tells one session with the node from the next. */
  readonly createdAt: Millis
  readonly isInitiator: boolean
  readonly isEstablished: boolean
  /** Application data, either way. */
  readonly packets: number
  readonly srttMs: number | undefined
  readonly pathMtu: number | undefined
  readonly reports: ReportsView | undefined
}

/** Patience with each stage that waits for others. */
export interface Budgets {
  readonly discovery: Millis
  readonly session: Millis
  readonly rtt: Millis
}

/** Beyond the budget of each: the last attempt's answer may still come. */
const SLACK: Millis = 2000
const SESSION_BUDGET: Millis = 5000
const RTT_BUDGET: Millis = 4000
/** A handshake over a radio takes a minute where one on a wire takes seconds. */
const SLOW_FACTOR = 12
/** A frame may be lost: one more, when nothing came back. */
const WARM_UP_AGAIN: Millis = 1000
/** The target may have a report on its way when all is said. */
const HANG_UP_GRACE: Millis = 1000

export function budgetsFor(attemptTimeouts: readonly Millis[], isSlow: boolean): Budgets {
  const factor = isSlow ? SLOW_FACTOR : 1
  const ladder = attemptTimeouts.reduce((sum, timeout) => sum + timeout, 0)
  return {
    discovery: ladder * factor + SLACK,
    session: SESSION_BUDGET * factor,
    rtt: RTT_BUDGET * factor,
  }
}

export function totalBudget({ discovery, session, rtt }: Budgets): Millis {
  return discovery + session + rtt + SLACK
}

const ORDER: readonly StageName[] = ['bloom', 'discovery', 'path', 'session', 'rtt']
const PENDING: Stage = { verdict: 'pending', reason: null, elapsedMs: null }

type Outcome = readonly [Exclude<Verdict, 'pending' | 'running'>, Reason | null]
/** A stage is over, wants something done, or waits. */
type StageStep = { readonly outcome: Outcome } | { readonly act: Act } | undefined

export class Probe {
  readonly stages: Record<StageName, Stage> = {
    bloom: PENDING,
    discovery: PENDING,
    path: PENDING,
    session: PENDING,
    rtt: PENDING,
  }
  readonly startedAt: Millis
  /** When the first look was taken. */
  readonly first: Sight
  overall: Overall = 'running'
  endedAt: Millis | undefined
  source: 'cache' | 'lookup' | 'direct_peer' | null = null
  attempts: number | null = null
  /** Neighbours the lookup went to. */
  fanout: number | null = null
  warmUps = 0
  hungUp = false
  leftIntact: 'preexisting' | 'adopted_by_traffic' | 'replaced' | null = null
  /** What was seen last. */
  sight: Sight
  readonly #budgets: Budgets
  #stage: StageName | 'over' = 'bloom'
  #stageSince: Millis
  /** Our session: the one that our greeting began. */
  #greeted = false
  #ownedSince: Millis | undefined
  #reportsBefore: ReportsView | undefined
  #warmedUpAt: Millis = 0
  #hangUpAt: Millis | undefined

  constructor(first: Sight, budgets: Budgets, now: Millis) {
    this.first = first
    this.sight = first
    this.startedAt = now
    this.#stageSince = now
    this.#budgets = budgets
  }

  get isOver(): boolean {
    return this.endedAt !== undefined
  }

  /** Reports that came since the round trip is being measured. */
  get reports(): ReportsView {
    const before = this.#reportsBefore
    const now = this.sight.session?.reports
    if (before === undefined || now === undefined) return NO_REPORTS
    return {
      seen: Math.max(0, now.seen - before.seen),
      rttSamples: Math.max(0, now.rttSamples - before.rttSamples),
      rttZero: Math.max(0, now.rttZero - before.rttZero),
      rttInvalid: Math.max(0, now.rttInvalid - before.rttInvalid),
      lastRttMs: now.lastRttMs,
    }
  }

  /** Goes as far as can be gone with what is seen. Look again after an act was done. */
  look(sight: Sight, now: Millis): Act | undefined {
    this.sight = sight
    if (sight.lookupAttempt !== undefined) this.attempts = sight.lookupAttempt
    while (this.#stage !== 'over') {
      const step = this.#step(this.#stage, now)
      if (step === undefined) return undefined
      if ('act' in step) return step.act
      this.#finish(this.#stage, step.outcome, now)
    }
    return this.#end(now)
  }

  cancel(now: Millis): Act | undefined {
    if (this.isOver) return undefined
    if (this.#stage !== 'over') this.#skipFrom(this.#stage)
    this.#stage = 'over'
    this.overall = 'cancelled'
    this.#hangUpAt = now
    return this.#end(now)
  }

  #step(stage: StageName, now: Millis): StageStep {
    const elapsed = now - this.#stageSince
    switch (stage) {
      case 'bloom':
        return this.#bloom()
      case 'discovery':
        return this.#discovery(elapsed)
      case 'path':
        return { outcome: this.#path() }
      case 'session':
        return this.#session(elapsed)
      case 'rtt':
        return this.#rtt(elapsed, now)
    }
  }

  #bloom(): StageStep {
    const { reach, lookupAttempt } = this.sight
    if (this.fanout === null) {
      if (reach.isNeighbour) return this.#known('direct_peer')
      if (reach.coordinates !== undefined) return this.#known('cache')
      if (reach.lookupPeers === 0) return { outcome: ['failed', 'bloom_miss'] }
      this.fanout = reach.lookupPeers
      this.attempts = 1
      return this.#run('bloom', 'look-up')
    }
    const asked = lookupAttempt !== undefined || reach.coordinates !== undefined
    return { outcome: asked ? ['ok', null] : ['failed', 'backoff_suppressed'] }
  }

  #known(source: 'cache' | 'direct_peer'): StageStep {
    this.source = source
    return { outcome: ['skipped', source === 'cache' ? 'cached' : 'direct_peer'] }
  }

  #discovery(elapsed: Millis): StageStep {
    if (this.source !== null) return this.#known(this.source === 'cache' ? 'cache' : 'direct_peer')
    if (this.sight.reach.coordinates !== undefined) {
      this.source = 'lookup'
      return { outcome: ['ok', null] }
    }
    this.#run('discovery')
    const isWaiting = this.sight.lookupAttempt !== undefined && elapsed < this.#budgets.discovery
    return isWaiting ? undefined : { outcome: ['failed', 'bloom_unconfirmed'] }
  }

  #path(): Outcome {
    const { ownCoordinates, reach } = this.sight
    const { coordinates, route, isNeighbour } = reach
    if (coordinates === undefined && isNeighbour) return ['skipped', 'direct_peer']
    if (coordinates !== undefined && coordinates.at(-1) !== ownCoordinates.at(-1))
      return ['failed', 'disjoint_trees']
    return route.type === 'forward' ? ['ok', null] : ['failed', 'no_next_hop']
  }

  #session(elapsed: Millis): StageStep {
    const { session } = this.sight
    if (session === undefined) {
      if (!this.#greeted) {
        this.#greeted = true
        return this.#run('session', 'greet')
      }
      return { outcome: ['failed', this.#ownedSince === undefined ? 'send_error' : 'handshake_timeout'] }
    }
    if (this.#greeted && this.#ownedSince === undefined) this.#ownedSince = session.createdAt
    if (!this.#greeted) this.leftIntact = 'preexisting'
    if (session.isEstablished) return { outcome: this.#greeted ? ['ok', null] : ['skipped', 'preexisting'] }
    if (elapsed < this.#budgets.session) return undefined
    return { outcome: ['failed', 'handshake_timeout'] }
  }

  #rtt(elapsed: Millis, now: Millis): StageStep {
    if (this.warmUps === 0) {
      this.#reportsBefore = this.sight.session?.reports ?? NO_REPORTS
      return this.#warmUp(now)
    }
    const { seen, rttSamples, rttZero, rttInvalid } = this.reports
    if (rttSamples > 0) return { outcome: ['ok', null] }
    if (this.warmUps === 1 && seen === 0 && now - this.#warmedUpAt >= WARM_UP_AGAIN) return this.#warmUp(now)
    if (elapsed < this.#budgets.rtt) return undefined
    if (rttInvalid > 0) return { outcome: ['failed', 'bad_timestamp_echo'] }
    if (rttZero > 0) return { outcome: ['failed', 'sub_millisecond'] }
    return { outcome: ['failed', seen > 0 ? 'no_echo' : 'no_report'] }
  }

  #warmUp(now: Millis): StageStep {
    this.warmUps += 1
    this.#warmedUpAt = now
    return this.#run('rtt', 'warm-up')
  }

  #run(stage: StageName, act?: Act): StageStep {
    this.stages[stage] = { verdict: 'running', reason: null, elapsedMs: null }
    return act === undefined ? undefined : { act }
  }

  #finish(stage: StageName, [verdict, reason]: Outcome, now: Millis): void {
    this.stages[stage] = { verdict, reason, elapsedMs: Math.round(now - this.#stageSince) }
    this.#stageSince = now
    const next = ORDER[ORDER.indexOf(stage) + 1]
    // A path that is not seen from here may be found by those who are asked; all else is needed for what follows.
    const goesOn = next !== undefined && (verdict !== 'failed' || stage === 'path')
    if (goesOn) {
      this.#stage = next
      return
    }
    if (next !== undefined) this.#skipFrom(next)
    this.#stage = 'over'
    this.overall = this.#verdict()
    this.#hangUpAt = now + HANG_UP_GRACE
  }

  #skipFrom(stage: StageName): void {
    for (const name of ORDER.slice(ORDER.indexOf(stage))) {
      this.stages[name] = { verdict: 'skipped', reason: 'not_reached', elapsedMs: null }
    }
  }

  #verdict(): Overall {
    const { bloom, discovery, session, rtt } = this.stages
    if ([bloom, discovery, session].some(({ verdict }) => verdict === 'failed')) return 'failed'
    return rtt.verdict === 'ok' ? 'ok' : 'partial'
  }

  /** Leaves things as they were found: a session that served only this probe goes. */
  #end(now: Millis): Act | undefined {
    if (this.isOver) return undefined
    const { session } = this.sight
    if (this.#ownedSince !== undefined && session !== undefined) {
      if (session.createdAt !== this.#ownedSince || !session.isInitiator) this.leftIntact = 'replaced'
      else if (session.packets > 0) this.leftIntact = 'adopted_by_traffic'
      else if (now < (this.#hangUpAt ?? now)) return undefined
      else {
        this.hungUp = true
        this.endedAt = now
        return 'hang-up'
      }
    }
    this.endedAt = now
    return undefined
  }
}

const NO_REPORTS: ReportsView = {
  seen: 0,
  rttSamples: 0,
  rttZero: 0,
  rttInvalid: 0,
  lastRttMs: undefined,
}
