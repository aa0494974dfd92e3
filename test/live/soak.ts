/**
 * `npm run soak [-- --minutes N] [--json]`: a mixed mesh under traffic and churn. Nodes of the Rust peer are killed and links cut
 * all the while; our daemons run through, and are asked what they hold. Fails when one of them ends or leaks.
 *
 * Needs root, iproute2, nftables and the Rust peer (scripts/build-rust-peer).
 */
import { join } from 'node:path'
import { RustNode } from '../interop/rust-node.ts'
import { DaemonNode, scratch } from '../support/live-node.ts'
import { ROOT } from '../support/process.ts'
import { randomGraph } from './graph.ts'
import { echo, LiveMesh, type Member } from './live-mesh.ts'
import { churn, deliver } from './measure.ts'
import { RESOURCES_MARK, type Resources } from './resources-line.ts'
import { withTeardown } from './scenario.ts'
import { slopePerHour, type Sample } from './slope.ts'

const SEED = 5
const SAMPLE_EVERY_MS = 10_000
const CHURN_EVERY_MS = 20_000
/** Share of the run after which memory should have settled. */
const WARM_UP = 1 / 3
/**
 * What is live after a collection, of each node. By two snapshots ten minutes apart nearly all that comes is code that the engine
 * goes on compiling, at 1 to 2.5 MiB/h in the first half hour; the history of the last hour lies outside of the heap.
 */
const MAX_HEAP_SLOPE_MIB_PER_H = 4
/** Resident memory wanders by tens of MiB with the collector, up and down: of all nodes together it must not climb. */
const MAX_MEAN_RSS_SLOPE_MIB_PER_H = 16
/** Handles and timers come and go with connections and pings in flight. */
const MAX_MORE_OPEN = 8
const LOAD_PAUSE_MS = 20
const MIB = 2 ** 20

interface Taken extends Resources {
  readonly atMs: number
}

interface Row {
  readonly node: string
  readonly samples: number
  readonly rssMiB: number
  readonly rssSlopeMiBPerH: number
  readonly heapSlopeMiBPerH: number
  readonly openFirst: number
  readonly openLast: number
  readonly open: Readonly<Record<string, number>>
  readonly errors: readonly string[]
  readonly ok: boolean
}

const args = process.argv.slice(2)
const minutes = Number(args[args.indexOf('--minutes') + 1] ?? 30) || 30

await withTeardown(async (t) => {
  const taken = new Map<number, Taken[]>()
  const errors = new Map<number, string[]>()
  const began = performance.now()
  const end = began + minutes * 60_000
  const isOver = (): boolean => performance.now() > end
  const mesh = await LiveMesh.start(t, {
    kind: 'mixed',
    nodes: 8,
    edges: randomGraph({ nodes: 8, edges: 13, seed: SEED, tcp: 0.3 }),
    loss: 0.01,
    rekeySeconds: 60,
    folder: scratch(t),
    label: 'soak',
    nodeOptions: ['--expose-gc', '--import', join(ROOT, 'dist', 'test', 'live', 'resources.js')],
    printed: (index, line) => {
      if (line.startsWith(RESOURCES_MARK)) {
        const resources: Resources = JSON.parse(line.slice(RESOURCES_MARK.length))
        taken.set(index, [...(taken.get(index) ?? []), { atMs: performance.now() - began, ...resources }])
      } else if (/ ERROR |Error: |^\s+at /.test(line)) {
        errors.set(index, [...(errors.get(index) ?? []), line])
      }
    },
  })
  const ours = mesh.members.filter(({ node }) => node instanceof DaemonNode)
  const pids = ours.map(pidOf)
  const victims = mesh.members.filter(({ node }) => node instanceof RustNode)
  const sampling = setInterval(() => {
    for (const pid of pids) if (pid !== undefined) process.kill(pid, 'SIGUSR2')
  }, SAMPLE_EVERY_MS)
  const events = Math.floor((minutes * 60_000) / CHURN_EVERY_MS)
  const [delivery] = await Promise.all([
    deliver(mesh, SEED, isOver),
    churn(mesh, { seed: SEED, events, everyMs: CHURN_EVERY_MS, victims }),
    ...ours.map((from, at) => load(from, mesh.members[(at * 3 + 1) % mesh.members.length]!, isOver)),
  ])
  clearInterval(sampling)
  const rows = ours.map((member, at) =>
    rowOf(member, pids[at] === pidOf(member), taken.get(member.index) ?? [], errors.get(member.index) ?? []),
  )
  const share = delivery.answered / delivery.sent
  const meanRssSlope = rows.reduce((sum, row) => sum + row.rssSlopeMiBPerH, 0) / rows.length
  if (args.includes('--json')) say(JSON.stringify({ minutes, delivery, meanRssSlope, rows }))
  else print(rows, share, meanRssSlope)
  const isFlat = meanRssSlope <= MAX_MEAN_RSS_SLOPE_MIB_PER_H
  process.exitCode = isFlat && rows.every(({ ok }) => ok) ? 0 : 1
})

/** Pings one after the other. */
async function load(from: Member, to: Member, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await echo(from, to, 1000)
    await new Promise((resolve) => {
      setTimeout(resolve, LOAD_PAUSE_MS)
    })
  }
}

function pidOf({ node }: Member): number | undefined {
  return node instanceof DaemonNode ? node.pid : undefined
}

function rowOf(member: Member, isSame: boolean, all: readonly Taken[], errors: readonly string[]): Row {
  const settled = all.slice(Math.floor(all.length * WARM_UP))
  const slope = (value: (one: Taken) => number): number =>
    slopePerHour(settled.map((one): Sample => ({ atMs: one.atMs, value: value(one) / MIB })))
  const [first, last] = [settled[0], settled.at(-1)]
  const rssSlopeMiBPerH = slope(({ rss }) => rss)
  const heapSlopeMiBPerH = slope(({ heapUsed }) => heapUsed)
  const [openFirst, openLast] = [openOf(first), openOf(last)]
  return {
    node: member.node.name,
    samples: all.length,
    rssMiB: (last?.rss ?? 0) / MIB,
    rssSlopeMiBPerH,
    heapSlopeMiBPerH,
    openFirst,
    openLast,
    open: last?.open ?? {},
    errors,
    ok:
      isSame &&
      settled.length > 1 &&
      errors.length === 0 &&
      heapSlopeMiBPerH <= MAX_HEAP_SLOPE_MIB_PER_H &&
      openLast <= openFirst + MAX_MORE_OPEN,
  }
}

function openOf(taken: Taken | undefined): number {
  return Object.values(taken?.open ?? {}).reduce((sum, count) => sum + count, 0)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function print(rows: readonly Row[], share: number, meanRssSlope: number): void {
  say(`${minutes} minutes; ${(share * 100).toFixed(1)} % of the pings between living nodes answered`)
  say('node  RSS MiB  slope MiB/h  heap MiB/h  open handles and timers  errors  ok')
  for (const row of rows) {
    const cells = [
      row.node.padEnd(4),
      row.rssMiB.toFixed(1).padStart(8),
      row.rssSlopeMiBPerH.toFixed(2).padStart(12),
      row.heapSlopeMiBPerH.toFixed(2).padStart(11),
      `${row.openFirst} -> ${row.openLast}`.padStart(24),
      String(row.errors.length).padStart(7),
      row.ok ? '  ok' : '  LEAK OR ERROR',
    ]
    say(cells.join(' '))
    for (const error of row.errors.slice(0, 10)) say(`      ${error}`)
  }
  say(`resident memory, mean of the slopes: ${meanRssSlope.toFixed(2)} MiB/h`)
}
