/** Simulated networks: the short form that CI compares with its snapshot, or the long one with a thousand nodes. */
import { simulateAll } from '../sim/in-parallel.ts'
import { simReport } from '../sim/report.ts'
import { CI_RUNS, LONG_RUNS, nameOf, type Run } from '../sim/runs.ts'
import { renew } from '../sim/snapshot.ts'
import type { Report } from './report.ts'

export interface SimOptions {
  readonly long: boolean
  /** The name of the one network that is wanted. */
  readonly only?: string | undefined
  /** Writes the table over the snapshot of its form. */
  readonly renew: boolean
}

export async function simBench({ long, only, renew: isRenewal }: SimOptions): Promise<Report> {
  const runs = chosen(long ? LONG_RUNS : CI_RUNS, only)
  if (only !== undefined && isRenewal) throw new TypeError('the snapshot is of all networks')
  const start = performance.now()
  const children = await simulateAll(runs)
  const report = simReport(
    runs,
    children.map(({ findings }) => findings),
  )
  // Of this machine, and so no part of the table.
  for (const [i, { wallSeconds, cpuSeconds, mebibytes }] of children.entries()) {
    const time = `${wallSeconds.toFixed(0)} s (${cpuSeconds.toFixed(0)} s of processor time)`
    console.error(`${nameOf(runs[i]!)}: ${time}, ${mebibytes.toFixed(0)} MiB`)
  }
  console.error(`in all ${((performance.now() - start) / 1000).toFixed(0)} s`)
  if (isRenewal) renew(long ? 'long' : 'ci', report)
  return report
}

function chosen(runs: readonly Run[], only: string | undefined): readonly Run[] {
  if (only === undefined) return runs
  const named = runs.filter((run) => nameOf(run) === only)
  if (named.length === 0) throw new TypeError(`simulated are: ${runs.map(nameOf).join(', ')}`)
  return named
}
