/**
 * The benchmarks: `npm run bench -- host|air|sim [--json] [--quick] [--readme] [--peer-binary PATH]
 * [--long] [--only NAME] [--renew]`.
 *
 * `host` is what a node costs on this machine, beside others and by itself, `air` what things cost on the radio, `sim` how
 * networks settle. `--peer-binary` names a daemon of the reference to be compared in `host`. `--readme` puts the tables into
 * README.md. `--long` simulates networks of a thousand nodes, `--only 'line 1000'` one network of them, `--renew` writes the
 * table of `sim` over its snapshot (`test/sim/ci.txt` or `long.txt`). The exit code tells whether it ran, not whether targets are met.
 */
import { parseArgs } from 'node:util'
import { join } from 'node:path'
import { ROOT } from '../support/process.ts'
import { airReport } from './air.ts'
import { hostReport, QUICK_EFFORT } from './host.ts'
import { liveReport, QUICK_LIVE_EFFORT } from './live/live.ts'
import { rewrite } from './readme.ts'
import { toJson, toText, type Report } from './report.ts'
import { simBench } from './sim.ts'

interface Options {
  readonly quick: boolean
  readonly long: boolean
  readonly renew: boolean
  readonly only?: string | undefined
  readonly 'peer-binary'?: string | undefined
}

const BENCHES: Readonly<Record<string, (options: Options) => Promise<readonly Report[]>>> = {
  host: async ({ quick, 'peer-binary': reference }) => [
    await liveReport({ reference, ...(quick ? { effort: QUICK_LIVE_EFFORT } : {}) }),
    await hostReport(quick ? { effort: QUICK_EFFORT } : {}),
  ],
  air: async ({ quick }) => [await airReport(quick)],
  sim: async (options) => [await simBench(options)],
}

const usage = `usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--json] [--quick] [--readme] [--peer-binary PATH] [--long] [--only NAME] [--renew]`

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      readme: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      renew: { type: 'boolean', default: false },
      only: { type: 'string' },
      'peer-binary': { type: 'string' },
    },
  })
  const bench = positionals.length === 1 ? BENCHES[positionals[0]!] : undefined
  if (bench === undefined) throw new TypeError('name one benchmark')
  const reports = await bench(values)
  console.log(values.json ? toJson(reports) : reports.map((report) => toText(report)).join('\n\n'))
  for (const report of reports) {
    if (values.readme && !rewrite(join(ROOT, 'README.md'), report))
      console.error(`README.md has no <!-- bench:${report.bench} --> to put the table at.`)
  }
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  console.error(`${error.message}\n${usage}`)
  process.exitCode = 2
}
