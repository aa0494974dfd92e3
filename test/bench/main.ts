/**
 * The benchmarks: `npm run bench -- host|air|sim [--json] [--quick] [--readme]`.
 *
 * `host` is what a packet costs on this machine, `air` what things cost on the radio, `sim` how networks settle.
 * `--readme` puts the table into README.md. The exit code tells whether it ran, not whether targets are met.
 */
import { join } from 'node:path'
import { ROOT } from '../support/process.ts'
import { airReport } from './air.ts'
import { hostReport, QUICK_EFFORT } from './host.ts'
import { rewrite } from './readme.ts'
import { toJson, toText, type Report } from './report.ts'
import { simReport } from './sim.ts'

const BENCHES: Readonly<Record<string, (isQuick: boolean) => Promise<Report>>> = {
  host: (isQuick) => hostReport(isQuick ? { effort: QUICK_EFFORT } : {}),
  air: airReport,
  sim: simReport,
}

const args = process.argv.slice(2)
const names = args.filter((arg) => !arg.startsWith('--'))
const bench = names.length === 1 ? BENCHES[names[0]!] : undefined
if (bench === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--json] [--quick] [--readme]`)
  process.exitCode = 2
} else {
  const report = await bench(args.includes('--quick'))
  console.log(args.includes('--json') ? toJson(report) : toText(report))
  if (args.includes('--readme') && !rewrite(join(ROOT, 'README.md'), report))
    console.error(`README.md has no <!-- bench:${report.bench} --> to put the table at.`)
}
