/** Our daemon beside others, as processes on this machine: what each spends on the same work, taking turns. */
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CACHE } from '../../support/process.ts'
import { needs } from '../../support/requires.ts'
import { median } from '../measure.ts'
import { atLeast, type Figure, type Report, type Row } from '../report.ts'
import { KINDS, type Kind, type Programs } from './contestant.ts'
import { ForwardingLine, type Load } from './forwarding.ts'
import { measureNewcomers } from './newcomers.ts'
import { latencyAtRest, latencyKnocked, latencyLoaded, type LatencyEffort } from './latency.ts'
import { measureTunTcp } from './tun-tcp.ts'

export interface LiveOptions {
  readonly effort?: LiveEffort
  /** Instead of all that are there. */
  readonly kinds?: readonly Kind[]
  /** The reference daemon. */
  readonly reference?: string | undefined
}

export interface LiveEffort {
  readonly rounds: number
  readonly seconds: number
  readonly latency: LatencyEffort
  /** At which memory is looked at, rising. */
  readonly peers: readonly number[]
}

const EFFORT: LiveEffort = {
  rounds: 2,
  seconds: 5,
  latency: { pings: 400, pauseMs: 10 },
  peers: [1, 16, 128],
}
export const QUICK_LIVE_EFFORT: LiveEffort = {
  rounds: 1,
  seconds: 0.2,
  latency: { pings: 10, pauseMs: 5 },
  peers: [1, 2],
}

const FORWARD_TARGET = 1.5
const TUN_TARGET = 1

/** The optimised build of the Rust peer. */
const RUST_PEER: string = join(CACHE, 'rust-peer', 'bench-peer', 'fips-peer')
const SEED = 40

interface Measure {
  readonly id: string
  readonly what: string
  readonly unit: string
  readonly isMoreBetter: boolean
  /** Least ratio to the Rust peer. */
  readonly ratio?: number
}

const LOADS: readonly (Measure & { readonly load: Omit<Load, 'seconds'> })[] = [
  {
    ...perCpu('forward-cpu', 'forward 1200 B, 20,000 a second in bursts of 16'),
    ratio: FORWARD_TARGET,
    load: { size: 1200, packetsPerSecond: 20_000, burst: 16 },
  },
  {
    ...perCpu('forward-cpu-64', 'forward 1200 B, 30,000 a second in bursts of 64'),
    load: { size: 1200, packetsPerSecond: 30_000, burst: 64 },
  },
  {
    ...perCpu('forward-cpu-150', 'forward 150 B, 20,000 a second in bursts of 16'),
    load: { size: 150, packetsPerSecond: 20_000, burst: 16 },
  },
]

const OTHERS: readonly Measure[] = [
  { id: 'ping-p50', what: 'there and back, median', unit: 'µs', isMoreBetter: false },
  { id: 'ping-p99', what: 'there and back, 99 %', unit: 'µs', isMoreBetter: false },
  { id: 'ping-p50-loaded', what: 'beside 8,000 packets a second, median', unit: 'µs', isMoreBetter: false },
  { id: 'ping-p99-loaded', what: 'beside 8,000 packets a second, 99 %', unit: 'µs', isMoreBetter: false },
  { id: 'ping-p99-handshakes', what: 'and 100 handshakes a second, 99 %', unit: 'µs', isMoreBetter: false },
  {
    id: 'tun-tcp-cpu',
    what: 'TCP over three nodes, interface to interface',
    unit: 'MB/CPU s',
    isMoreBetter: true,
    ratio: TUN_TARGET,
  },
  { id: 'tun-tcp', what: 'the same by the clock', unit: 'MB/s', isMoreBetter: true },
  { id: 'handshake', what: 'links that come up', unit: '1/CPU s', isMoreBetter: true },
  { id: 'session-setup', what: 'first packet to session', unit: 'ms', isMoreBetter: false },
  { id: 'rss-1', what: 'resident with 1 peer', unit: 'MiB', isMoreBetter: false },
  { id: 'rss-16', what: 'resident with 16 peers', unit: 'MiB', isMoreBetter: false },
  { id: 'rss-128', what: 'resident with 128 peers', unit: 'MiB', isMoreBetter: false },
]

function perCpu(id: string, what: string): Measure {
  return { id, what, unit: 'packets/CPU s', isMoreBetter: true }
}

export async function liveReport(options: LiveOptions = {}): Promise<Report> {
  const { effort = EFFORT, reference } = options
  const programs: Programs = { peer: isProgram(RUST_PEER) ? RUST_PEER : undefined, reference }
  const kinds = options.kinds ?? kindsOf(programs)
  const samples = new Samples()
  const folder = mkdtempSync(join(tmpdir(), 'fips-bench-'))
  const noTun = needs('root', 'tun', 'program:ip')
  try {
    for (let round = 0; round < effort.rounds; round++) {
      for (const kind of kinds) {
        await forwardAndPing(kind, { folder, seed: SEED, programs }, effort, samples)
        if (noTun === false) {
          const { perCpuSecond, throughput } = await measureTunTcp(kind, { folder, programs }, effort.seconds)
          samples.add('tun-tcp-cpu', kind, perCpuSecond)
          samples.add('tun-tcp', kind, throughput)
        }
        const newcomers = await measureNewcomers(kind, { folder, seed: SEED, programs }, effort.peers)
        samples.add('handshake', kind, newcomers.handshakesPerCpuSecond)
        samples.add('session-setup', kind, newcomers.sessionMs)
        for (const [peers, mib] of newcomers.residentMiB) samples.add(`rss-${peers}`, kind, mib)
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    bench: 'host',
    columns: ['ours', 'portable', 'peer', ...(reference === undefined ? [] : ['reference']), 'ratio'],
    rows: [...LOADS, ...OTHERS].map((measure) => rowOf(measure, samples)),
    method: [
      `Each a process of its own; median of ${effort.rounds} rounds in which all took turns. Ratio: how much better ours is than the peer.`,
      'Peer: the Rust node of the interoperability tests, optimised build' +
        (programs.peer === undefined
          ? ', which is not there: scripts/build-rust-peer .cache bench-peer.'
          : '.'),
      'Portable: ours without direct system calls (FIPS_RADIO_IO=portable). CPU s: processor time of the node, all threads, system calls included.',
      ...(noTun === false ? [] : [`TCP over interfaces was not measured: ${noTun}.`]),
    ],
  }
}

function kindsOf({ peer, reference }: Programs): readonly Kind[] {
  const all = { ours: true, portable: true, peer: peer !== undefined, reference: reference !== undefined }
  return KINDS.filter((kind) => all[kind])
}

async function forwardAndPing(
  kind: Kind,
  options: Parameters<typeof ForwardingLine.open>[1],
  effort: LiveEffort,
  samples: Samples,
): Promise<void> {
  const line = await ForwardingLine.open(kind, options)
  try {
    for (const { id, load } of LOADS) {
      const { cpuUs } = await line.measure({ ...load, seconds: effort.seconds })
      samples.add(id, kind, 1e6 / cpuUs)
    }
    const rest = await latencyAtRest(line, effort.latency)
    const loaded = await latencyLoaded(line, effort.latency)
    const knocked = await latencyKnocked(line, effort.latency)
    samples.add('ping-p50', kind, rest.p50Us)
    samples.add('ping-p99', kind, rest.p99Us)
    samples.add('ping-p50-loaded', kind, loaded.p50Us)
    samples.add('ping-p99-loaded', kind, loaded.p99Us)
    samples.add('ping-p99-handshakes', kind, knocked.p99Us)
  } finally {
    await line.close()
  }
}

/** What was measured in all rounds. */
class Samples {
  readonly #values = new Map<string, number[]>()

  add(id: string, kind: Kind, value: number): void {
    const key = `${id} ${kind}`
    const values = this.#values.get(key) ?? []
    values.push(value)
    this.#values.set(key, values)
  }

  figure(id: string, kind: Kind): Figure {
    const values = this.#values.get(`${id} ${kind}`)
    return values === undefined ? null : median(values)
  }
}

function rowOf({ id, what, unit, isMoreBetter, ratio }: Measure, samples: Samples): Row {
  const [ours, peer] = [samples.figure(id, 'ours'), samples.figure(id, 'peer')]
  const better = ours === null || peer === null ? null : isMoreBetter ? ours / peer : peer / ours
  return {
    id,
    what,
    unit,
    figures: {
      ours,
      portable: samples.figure(id, 'portable'),
      peer,
      reference: samples.figure(id, 'reference'),
      ratio: better,
    },
    ...(ratio === undefined ? {} : { target: atLeast(ratio, 'ratio') }),
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
