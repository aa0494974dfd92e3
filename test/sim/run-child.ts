/** One run in a process of its own: the run as JSON in, what it told and cost as JSON out. */
import { simulate, type Findings, type Run } from './runs.ts'

export interface ChildReport {
  readonly findings: Findings
  readonly wallSeconds: number
  readonly cpuSeconds: number
  readonly mebibytes: number
}

const BYTES_PER_KIB = 1024
const BYTES_PER_MIB: number = 2 ** 20

const start = performance.now()
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `simulateAll` writes
const findings = simulate(JSON.parse(process.argv[2] ?? '') as Run)
const { user, system } = process.cpuUsage()
const report: ChildReport = {
  findings,
  wallSeconds: (performance.now() - start) / 1000,
  cpuSeconds: (user + system) / 1e6,
  mebibytes: (process.resourceUsage().maxRSS * BYTES_PER_KIB) / BYTES_PER_MIB,
}
process.stdout.write(JSON.stringify(report))
