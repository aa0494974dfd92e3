/** One run of one mesh: it comes up, is pinged, is shaken, and is pinged again. */
import { scratch, type Teardown } from '../support/live-node.ts'
import { randomGraph } from './graph.ts'
import { LiveMesh, type MeshKind } from './live-mesh.ts'
import { answered, churn, deliver, firstAnswers, longest, TRIES } from './measure.ts'

export interface ScenarioOptions {
  readonly kind: MeshKind
  readonly seed: number
  readonly nodes: number
  readonly edges: number
  readonly tcp: number
  readonly loss: number
  readonly pairs: number
  readonly churn: { readonly events: number; readonly everyMs: number }
  /** Seconds that the mesh has to recover in. */
  readonly recoverWithinS: number
}

export interface Outcome {
  /** Seconds until every node named the one root; undefined: not within a minute. */
  readonly convergedS: number | undefined
  /** Pairs that answered within the tries, before and after the churn. */
  readonly before: number
  readonly after: number
  /** Share of pings between living nodes that were answered under churn, 0..1. */
  readonly underChurn: number
  readonly probes: number
  /** Seconds from the last event until every pair had answered; undefined: not in time. */
  readonly recoveryS: number | undefined
  readonly pairs: number
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const STOPPED = 130
const CONVERGE_WITHIN_MS = 60_000
const FIRST_WITHIN_MS = 15_000

export async function scenario(t: Teardown, options: ScenarioOptions): Promise<Outcome> {
  const { kind, seed, nodes, loss } = options
  const edges = randomGraph(options)
  const mesh = await LiveMesh.start(t, { kind, nodes, edges, loss, folder: scratch(t), label: kind })
  const convergedMs = await mesh.converged(CONVERGE_WITHIN_MS)
  const pairs = mesh.pairs(seed, options.pairs)
  const before = answered(await firstAnswers(pairs, TRIES))
  let isOver = false
  const delivering = deliver(mesh, seed + 1, () => isOver)
  await churn(mesh, { seed: seed + 2, ...options.churn })
  isOver = true
  const recovery = await firstAnswers(pairs, options.recoverWithinS)
  const delivery = await delivering
  const after = answered(await firstAnswers(pairs, TRIES))
  return {
    convergedS: convergedMs === undefined ? undefined : convergedMs / 1000,
    before,
    after,
    underChurn: delivery.sent === 0 ? 0 : delivery.answered / delivery.sent,
    probes: delivery.sent,
    recoveryS: longest(recovery),
    pairs: pairs.length,
  }
}

/** One more graph: pairs that answer when it has just come up. */
export async function firstPings(
  t: Teardown,
  options: Omit<ScenarioOptions, 'churn' | 'recoverWithinS'>,
): Promise<number> {
  const { kind, nodes, loss, seed } = options
  const edges = randomGraph(options)
  const mesh = await LiveMesh.start(t, { kind, nodes, edges, loss, folder: scratch(t), label: `f${kind}` })
  await mesh.converged(FIRST_WITHIN_MS)
  return answered(await firstAnswers(mesh.pairs(seed, options.pairs), TRIES))
}

/** Of the runs under way. */
const ends = new Set<() => Promise<void>>()

/** Runs what needs ending, and ends it whatever happens, the last thing first; also when the user stops it. */
export async function withTeardown<T>(run: (t: Teardown) => Promise<T>): Promise<T> {
  const steps: (() => unknown)[] = []
  let ending: Promise<void> | undefined
  const end = (): Promise<void> => (ending ??= endAll(steps))
  const stop = (): void => {
    void Promise.allSettled([...ends].map((one) => one())).finally(() => process.exit(STOPPED))
  }
  ends.add(end)
  for (const signal of SIGNALS) process.once(signal, stop)
  try {
    return await run({ after: (one) => steps.push(one) })
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop)
    await end()
    ends.delete(end)
  }
}

async function endAll(steps: readonly (() => unknown)[]): Promise<void> {
  for (const one of steps.toReversed()) await one()
}
