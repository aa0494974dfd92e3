/** Simulated networks: the short form that CI compares with its snapshot, or the long one with a thousand nodes. */
import { simulateAll } from '../sim/in-parallel.ts'
import { simReport } from '../sim/report.ts'
import { CI_RUNS, LONG_RUNS, nameOf } from '../sim/runs.ts'
import { renew } from '../sim/snapshot.ts'
import type { Report } from './report.ts'

export interface SimOptions {
  readonly long: boolean
  /** Writes the table over the snapshot of its form. */
  readonly renew: boolean
}

export async function simBench({ long, renew: isRenewal }: SimOptions): Promise<Report> {
  const runs = long ? LONG_RUNS : CI_RUNS
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
