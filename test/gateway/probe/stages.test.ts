/** A probe's verdicts, from what is seen of the target. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReachView, ReportsView } from '../../../core/index.ts'
import {
  budgetsFor,
  Probe,
  totalBudget,
  type Act,
  type SessionSight,
  type Sight,
} from '../../../gateway/probe/stages.ts'
import { addrOf } from '../../core/addr.ts'

const [us, hop, root, target] = [addrOf(10), addrOf(11), addrOf(1), addrOf(12)]
const BUDGETS = budgetsFor([1000, 2000, 4000, 8000], false)
const NO_REPORTS: ReportsView = { seen: 0, rttSamples: 0, rttZero: 0, rttInvalid: 0, lastRttMs: undefined }

const UNKNOWN: ReachView = {
  coordinates: undefined,
  isNeighbour: false,
  route: { type: 'unknown-position' },
  lookupPeers: 2,
  isSlow: false,
}
const KNOWN: ReachView = {
  ...UNKNOWN,
  coordinates: [target, root],
  route: { type: 'forward', via: hop, class: 'tree-up' },
}

function session(given: Partial<SessionSight> = {}): SessionSight {
  return {
    createdAt: 5,
    isInitiator: true,
    isEstablished: true,
    packets: 0,
    srttMs: undefined,
    pathMtu: undefined,
    reports: NO_REPORTS,
    ...given,
  }
}

function sight(given: Partial<Sight> = {}): Sight {
  return {
    ownCoordinates: [us, root],
    reach: KNOWN,
    lookupAttempt: undefined,
    session: undefined,
    ...given,
  }
}

/** Looks at one sight after another, a second apart unless something was to be done. */
function run(sights: readonly Sight[]): { readonly probe: Probe; readonly acts: readonly Act[] } {
  const probe = new Probe(sights[0]!, BUDGETS, 0)
  const acts: Act[] = []
  let now = 0
  for (const seen of sights) {
    const act = probe.look(seen, now)
    if (act === undefined) now += 1000
    else acts.push(act)
  }
  return { probe, acts }
}

function verdicts({ stages }: Probe): string {
  return Object.values(stages)
    .map(({ verdict, reason }) => (reason === null ? verdict : `${verdict}:${reason}`))
    .join(' ')
}

const measured = session({ reports: { ...NO_REPORTS, seen: 1, rttSamples: 1, lastRttMs: 18 } })

test('all the way to a node nobody knew, and no trace left', () => {
  const lookingUp = sight({ reach: UNKNOWN, lookupAttempt: 1 })
  const { probe, acts } = run([
    sight({ reach: UNKNOWN }),
    lookingUp,
    sight(),
    sight({ session: session({ isEstablished: false }) }),
    sight({ session: session() }),
    sight({ session: measured }),
    sight({ session: measured }),
  ])
  assert.equal(verdicts(probe), 'ok ok ok ok ok')
  assert.deepEqual(acts, ['look-up', 'greet', 'warm-up', 'hang-up'])
  assert.deepEqual(
    [probe.overall, probe.source, probe.fanout, probe.reports.lastRttMs],
    ['ok', 'lookup', 2, 18],
  )
  assert.ok(probe.isOver && probe.hungUp)
})

test('a session that is there is used and left', () => {
  const { probe, acts } = run([
    sight({ session: session() }),
    sight({ session: session() }),
    sight({ session: measured }),
  ])
  assert.equal(verdicts(probe), 'skipped:cached skipped:cached ok skipped:preexisting ok')
  assert.deepEqual(acts, ['warm-up'])
  assert.deepEqual([probe.overall, probe.leftIntact, probe.hungUp], ['ok', 'preexisting', false])
})

test('a session of ours that others use meanwhile is left to them', () => {
  const used = (given: Partial<SessionSight>): string | null =>
    run([sight(), sight({ session: session() }), sight({ session: session({ ...measured, ...given }) })])
      .probe.leftIntact
  assert.equal(used({ packets: 3 }), 'adopted_by_traffic')
  assert.equal(used({ createdAt: 99 }), 'replaced')
  assert.equal(used({ isInitiator: false }), 'replaced')
})

test('each way to fail has its name, and nothing is tried beyond it', () => {
  const noFilter = run([sight({ reach: { ...UNKNOWN, lookupPeers: 0 } })])
  assert.equal(
    verdicts(noFilter.probe),
    'failed:bloom_miss skipped:not_reached skipped:not_reached skipped:not_reached skipped:not_reached',
  )
  assert.deepEqual([noFilter.probe.overall, noFilter.acts], ['failed', []])

  const suppressed = run([sight({ reach: UNKNOWN }), sight({ reach: UNKNOWN })])
  assert.equal(suppressed.probe.stages.bloom.reason, 'backoff_suppressed')

  const silent = run([
    sight({ reach: UNKNOWN }),
    sight({ reach: UNKNOWN, lookupAttempt: 4 }),
    sight({ reach: UNKNOWN }),
  ])
  assert.equal(silent.probe.stages.discovery.reason, 'bloom_unconfirmed')
  assert.equal(silent.probe.attempts, 4)

  const noWay = run([sight(), sight()])
  assert.equal(noWay.probe.stages.session.reason, 'send_error')

  const mute = run(
    Array.from({ length: 8 }, (_, n) =>
      n === 0 ? sight() : sight({ session: session({ isEstablished: false }) }),
    ),
  )
  assert.equal(mute.probe.stages.session.reason, 'handshake_timeout')
})

test('a path that is not seen from here does not end the probe', () => {
  const apart = { ...KNOWN, coordinates: [target], route: { type: 'dead-end' } } as const
  const { probe } = run([sight({ reach: apart, session: session() })])
  assert.equal(probe.stages.path.reason, 'disjoint_trees')
  assert.equal(probe.stages.session.reason, 'preexisting')
})

test('why there is no round trip', () => {
  const why = (reports: Partial<ReportsView>): string | null => {
    const end = sight({ session: session({ reports: { ...NO_REPORTS, ...reports } }) })
    return run([sight({ session: session() }), ...Array<Sight>(8).fill(end)]).probe.stages.rtt.reason
  }
  assert.equal(why({}), 'no_report')
  assert.equal(why({ seen: 1 }), 'no_echo')
  assert.equal(why({ seen: 1, rttZero: 1 }), 'sub_millisecond')
  assert.equal(why({ seen: 1, rttZero: 1, rttInvalid: 1 }), 'bad_timestamp_echo')
})

test('a cancelled probe takes its session along', () => {
  const probe = new Probe(sight(), BUDGETS, 0)
  assert.equal(probe.look(sight(), 0), 'greet')
  assert.equal(probe.look(sight({ session: session() }), 0), 'warm-up')
  assert.equal(probe.cancel(100), 'hang-up')
  assert.deepEqual([probe.overall, probe.isOver, probe.cancel(200)], ['cancelled', true, undefined])
})

test('patience follows from the lookup ladder, and is longer where a radio is on the way', () => {
  assert.equal(totalBudget(BUDGETS), 28_000)
  assert.ok(totalBudget(budgetsFor([1000, 2000, 4000, 8000], true)) > 4 * 60_000)
})
