/**
 * `npm run mixed-mesh [-- --quick] [--loss 0,0.1] [--kinds ours,rust] [--seed N] [--json]`: meshes of running nodes, all of the
 * Rust peer's, of both makes, and all ours, through the same scenarios in one run.
 *
 * Needs root, iproute2, nftables and the Rust peer (scripts/build-rust-peer). The exit code tells whether every target
 * is met and ours did nowhere worse than the Rust peer alone.
 */
import { isMet, toJson, toText } from '../bench/report.ts'
import type { MeshKind } from './live-mesh.ts'
import { liveReport, worseThanRust } from './report.ts'

const args = process.argv.slice(2)
const valueOf = (name: string): string | undefined => {
  const at = args.indexOf(name)
  return at < 0 ? undefined : args[at + 1]
}
const complain = (line: string): void => {
  process.stderr.write(`${line}\n`)
}
const isKind = (text: string): text is MeshKind => text === 'rust' || text === 'mixed' || text === 'ours'

const report = await liveReport({
  kinds: (valueOf('--kinds') ?? 'rust,mixed,ours').split(',').filter(isKind),
  losses: (valueOf('--loss') ?? '0,0.1,0.2,0.3').split(',').map(Number),
  seed: Number(valueOf('--seed') ?? 1),
  isQuick: args.includes('--quick'),
  progress: complain,
})
const worse = report.rows.flatMap((row) => worseThanRust(row).map((kind) => `${row.what}, ${kind}`))
process.stdout.write(`${args.includes('--json') ? toJson([report]) : toText(report)}\n`)
complain(worse.length === 0 ? 'Nowhere worse than the Rust peer alone.' : `Worse: ${worse.join('; ')}`)
process.exitCode = report.rows.every((row) => isMet(row) !== false) ? 0 : 1
