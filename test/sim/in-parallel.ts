/** Runs are independent of each other, so that every core can have one. */
import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ChildReport } from './run-child.ts'
import type { Run } from './runs.ts'

const CHILD: string = fileURLToPath(new URL('run-child.js', import.meta.url))

/**
 * For the collector: 64 MiB for what is young, because most of what a node makes is a frame and soon gone, and no threads
 * besides, because every core has a run of its own.
 */
const COLLECTOR: readonly string[] = ['--max-semi-space-size=64', '--single-threaded-gc']

/** In the order of the runs, however long each takes; the longest should come first. */
export async function simulateAll(runs: readonly Run[]): Promise<readonly ChildReport[]> {
  const reports: ChildReport[] = []
  const waiting = [...runs.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [i, run] = next
      const { stdout } = await promisify(execFile)(process.execPath, [
        ...COLLECTOR,
        CHILD,
        JSON.stringify(run),
      ])
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the child prints
      reports[i] = JSON.parse(stdout) as ChildReport
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return reports
}
