/** All scenarios for all kinds of mesh, as one table. */
import { atLeast, atMost, type Figure, type Report, type Row, type Target } from '../bench/report.ts'
import type { MeshKind } from './live-mesh.ts'
import { scenario, withTeardown, type Outcome } from './scenario.ts'
import { dialTrial, identityTrial, rekeyTrial } from './trials.ts'

export interface LiveOptions {
  readonly kinds: readonly MeshKind[]
  /** Shares of packets lost at every node's door. */
  readonly losses: readonly number[]
  readonly seed: number
  /** The scenarios alone, with less churn. */
  readonly isQuick: boolean
  readonly progress: (line: string) => void
}

const NODES = 8
const EDGES = 13
const PAIRS = 20
const TCP_SHARE = 0.3
const CHURN = { events: 6, everyMs: 20_000 }
const QUICK_CHURN = { events: 2, everyMs: 12_000 }
const REKEY_SECONDS = 30
const REKEY_PERIODS = 4
const DIAL_ROUNDS = 100

/** What the issue asks of a mesh of ours at a loss; undefined where it only forbids doing worse than the Rust peer. */
const TARGETS: Readonly<Record<number, Partial<Record<Measure, Target>>>> = {
  0: {
    before: atLeast(PAIRS, 'ours'),
    churn: atLeast(98, 'ours'),
    recovery: atMost(10, 'ours'),
    after: atLeast(PAIRS, 'ours'),
  },
  0.2: { converged: atMost(15, 'ours'), before: atLeast(PAIRS, 'ours'), after: atLeast(PAIRS, 'ours') },
}

type Measure = 'converged' | 'before' | 'churn' | 'recovery' | 'after'

const MEASURES: Readonly<Record<Measure, { what: string; unit: string; of: (outcome: Outcome) => Figure }>> =
  {
    converged: { what: 'one root everywhere', unit: 's', of: ({ convergedS }) => convergedS ?? null },
    before: { what: 'pairs that answer', unit: `of ${PAIRS}`, of: ({ before }) => before },
    churn: { what: 'answered under churn', unit: '%', of: ({ underChurn }) => underChurn * 100 },
    recovery: { what: 'until all have answered', unit: 's', of: ({ recoveryS }) => recoveryS ?? null },
    after: { what: 'pairs that answer then', unit: `of ${PAIRS}`, of: ({ after }) => after },
  }

export async function liveReport(options: LiveOptions): Promise<Report> {
  const { kinds, losses, seed, isQuick, progress } = options
  const churn = isQuick ? QUICK_CHURN : CHURN
  const rows: Row[] = []
  for (const loss of losses) {
    const outcomes = new Map<MeshKind, Outcome>()
    for (const kind of kinds) {
      progress(`${loss * 100} % loss, ${kind}`)
      const settings = {
        kind,
        seed,
        nodes: NODES,
        edges: EDGES,
        tcp: TCP_SHARE,
        loss,
        pairs: PAIRS,
        churn,
        recoverWithinS: 60,
      }
      outcomes.set(kind, await withTeardown((t) => scenario(t, settings)))
      progress(JSON.stringify(outcomes.get(kind)))
    }
    rows.push(...rowsOf(loss, outcomes))
  }
  if (!isQuick) rows.push(...(await trialRows(options)))
  return { bench: 'mixed-mesh', columns: kinds, rows, method: methodOf(churn, isQuick) }
}

function rowsOf(loss: number, outcomes: ReadonlyMap<MeshKind, Outcome>): readonly Row[] {
  const measures: readonly Measure[] = ['converged', 'before', 'churn', 'recovery', 'after']
  return measures.map((measure) => {
    const { what, unit, of } = MEASURES[measure]
    const figures = Object.fromEntries([...outcomes].map(([kind, outcome]) => [kind, of(outcome)]))
    const target = outcomes.has('ours') ? TARGETS[loss]?.[measure] : undefined
    return {
      id: `loss-${loss * 100}-${measure}`,
      what: `${loss * 100} % loss: ${what}`,
      unit,
      figures,
      ...(target === undefined ? {} : { target }),
    }
  })
}

async function trialRows({ kinds, seed, progress }: LiveOptions): Promise<readonly Row[]> {
  const lostPerRekey: Record<string, Figure> = {}
  const rekeys: Record<string, Figure> = {}
  const identity: Record<string, Figure> = {}
  const dials: Record<'udp' | 'tcp', Record<string, Figure>> = { udp: {}, tcp: {} }
  for (const kind of kinds) {
    progress(`new keys, ${kind}`)
    const seen = await withTeardown((t) => rekeyTrial(t, kind, seed, REKEY_SECONDS, REKEY_PERIODS))
    progress(JSON.stringify(seen))
    rekeys[kind] = seen.rekeys
    lostPerRekey[kind] = seen.rekeys === 0 ? null : seen.lost / seen.rekeys
    progress(`another key, ${kind}`)
    const changed = await withTeardown((t) => identityTrial(t, kind, seed))
    progress(JSON.stringify(changed))
    identity[kind] = changed.reached - changed.old
    const makes = kind === 'mixed' ? (['ours', 'rust'] as const) : ([kind, kind] as const)
    for (const transport of ['udp', 'tcp'] as const) {
      progress(`both dial over ${transport}, ${kind}`)
      const dialled = await withTeardown((t) => dialTrial(t, makes, transport, DIAL_ROUNDS))
      progress(JSON.stringify(dialled))
      dials[transport][kind] = dialled.linked
    }
  }
  const column = kinds.includes('ours') ? 'ours' : kinds[0]!
  return [
    { id: 'rekeys', what: 'keys changed under pings', unit: 'rekeys', figures: rekeys },
    {
      id: 'rekey-lost',
      what: 'pings lost',
      unit: 'a rekey',
      figures: lostPerRekey,
      target: atMost(1, column),
    },
    { id: 'identity', what: 'reach a node under its new key', unit: `of ${NODES - 1}`, figures: identity },
    ...(['udp', 'tcp'] as const).map((transport) => ({
      id: `dial-${transport}`,
      what: `both dial at once over ${transport.toUpperCase()}`,
      unit: `of ${DIAL_ROUNDS}`,
      figures: dials[transport],
      target: atLeast(DIAL_ROUNDS, column),
    })),
  ]
}

/** Runs differ: so much is chance, in the unit of the row. */
const CHANCE: Readonly<Record<string, number>> = { '%': 3, s: 3, 'a rekey': 0.5 }
const LOWER_IS_BETTER: ReadonlySet<string> = new Set(['s', 'a rekey'])

/** Rows in which a mesh with ours in it did worse than the Rust peer alone. */
export function worseThanRust({ rows }: Report): readonly string[] {
  return rows
    .filter(({ id }) => id !== 'rekeys')
    .flatMap(({ what, unit, figures }) => {
      const { rust, mixed, ours } = figures
      if (rust === undefined) return []
      const sign = LOWER_IS_BETTER.has(unit) ? -1 : 1
      // What was not reached in time is worse than anything that was.
      const rank = (figure: Figure): number => (figure === null ? -Infinity : sign * figure)
      const least = rank(rust) - (CHANCE[unit] ?? 0)
      return Object.entries({ mixed, ours }).flatMap(([kind, figure]) =>
        figure !== undefined && rank(figure) < least ? [`${what}, ${kind}`] : [],
      )
    })
}

function methodOf(churn: typeof CHURN, isQuick: boolean): readonly string[] {
  return [...METHOD, churnText(churn), ...(isQuick ? [] : [REKEY_TEXT])]
}

const METHOD: readonly string[] = [
  `${NODES} nodes in namespaces on a random graph of ${EDGES} edges, ${TCP_SHARE * 100} % of them over TCP, each dialled by one end; the same graph for every kind. In the mixed mesh half are ours, among them the root, the node of most links and that of fewest.`,
  'Pairs are pinged once a second, up to 12 times, all at once. Under churn random pairs of nodes that are up for 5 s are pinged, up to 3 times a second apart.',
]

function churnText({ events, everyMs }: typeof CHURN): string {
  return `Churn: nodes killed (SIGKILL) and started again after 0.5 s, and links cut for 10 s, in turns, ${events} times, one each ${everyMs / 1000} s. Recovery counts from the end of the last cut, at most a minute (else -).`
}

const REKEY_TEXT = `Keys change every ${REKEY_SECONDS} s with the jitter of each make, ${REKEY_PERIODS} times.`
