/** What a packet costs in the node alone, and how much memory a node takes, side by side for each crypto provider. */
import { cpus } from 'node:os'
import { nobleCrypto, type Crypto } from '../../core/index.ts'
import { loadLibsodiumCrypto, loadSodiumCrypto, nodeCrypto } from '../../gateway/crypto/index.ts'
import { coreRows } from './host-core.ts'
import { measureMemory, type MemoryEffort } from './host-memory.ts'
import { measureTun } from './host-tun.ts'
import { measureUdp } from './host-udp.ts'
import type { Effort } from './measure.ts'
import { atMost, type Report, type Row } from './report.ts'

export interface HostOptions {
  /** In place of those that this machine has. */
  readonly providers?: readonly Crypto[]
  readonly effort?: Effort
  /** Leaves out what takes other processes: the interface and the memory of the daemon. */
  readonly coreOnly?: boolean
}

const RESIDENT_TARGET_MIB = 120
const UDP_ROUNDS = 11
const UDP_FRAMES = 2048
const TUN_PACKETS = 20_000
const MEMORY_EFFORT: MemoryEffort = { quietMs: 5000, pings: 1000 }

const EFFORT: Effort = { warmUpRounds: 6, rounds: 21, packets: 400 }
export const QUICK_EFFORT: Effort = { warmUpRounds: 1, rounds: 3, packets: 60 }

export async function hostReport(options: HostOptions = {}): Promise<Report> {
  const providers = options.providers ?? installedProviders()
  const effort = options.effort ?? EFFORT
  const rows: Row[] = coreRows(providers, effort)
  if (options.coreOnly !== true)
    rows.push(await udpRow(providers), ...(await tunRows(providers)), ...(await memoryRows(providers)))
  return {
    bench: 'host-core',
    columns: providers.map(({ name }) => name),
    rows,
    method: [
      `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}.`,
      `Processor time per IPv6 packet of 1200 B: median of ${effort.rounds} rounds of ${effort.packets} packets, ` +
        `after ${effort.warmUpRounds} rounds of warm-up, the providers taking turns.`,
      'A forwarded packet is opened and sealed again: nodes in a line with real keys, replay windows, tree and session; ' +
        'the node in the middle is measured from the frame in to the frame out, without the sockets.',
    ],
  }
}

/** What forwarding adds to the node's own work. The same for every provider. */
async function udpRow(providers: readonly Crypto[]): Promise<Row> {
  const cost = await measureUdp(UDP_ROUNDS, UDP_FRAMES)
  return {
    id: 'udp',
    what: 'UDP in and out (kernel)',
    unit: 'µs',
    figures: Object.fromEntries(providers.map(({ name }) => [name, cost])),
    note: 'a frame of 1200 B sent and received over the loopback, system calls included; no crypto is involved.',
  }
}

/** The same for every provider: no key is involved. */
async function tunRows(providers: readonly Crypto[]): Promise<Row[]> {
  const cost = await measureTun(TUN_PACKETS)
  const row = (id: string, what: string, figure: number | null): Row => ({
    id,
    what,
    unit: 'µs',
    figures: Object.fromEntries(providers.map(({ name }) => [name, figure])),
    note:
      typeof cost === 'string'
        ? `not measured: ${cost}.`
        : `${TUN_PACKETS} packets through a TUN in a network namespace, system calls included; no crypto is involved.`,
  })
  const figures = typeof cost === 'string' ? undefined : cost
  return [
    row('tun-in', 'TUN in (kernel to node)', figures?.fromHostUs ?? null),
    row('tun-out', 'TUN out (node to kernel)', figures?.toHostUs ?? null),
  ]
}

/** The daemon takes the fastest provider, so only that column can be filled. */
async function memoryRows(providers: readonly Crypto[]): Promise<Row[]> {
  const column = providers[0]?.name ?? ''
  const memory = await measureMemory(MEMORY_EFFORT)
  const row = (id: string, what: string, figure: number | undefined, how: string): Row => ({
    id,
    what,
    unit: 'MiB',
    figures: { [column]: figure ?? null },
    target: atMost(RESIDENT_TARGET_MIB, column),
    note: memory === undefined ? 'not measured: needs Linux.' : how,
  })
  return [
    row(
      'rss-idle',
      'resident, idle',
      memory?.idleMiB,
      'the daemon with one UDP peer and no TUN, 5 s of quiet.',
    ),
    row(
      'rss-forwarded',
      'resident, after forwarding',
      memory?.forwardedMiB,
      `the same daemon after ${memory?.forwardedPackets ?? 0} packets between its two peers.`,
    ),
  ]
}

/** The fastest first. */
function installedProviders(): readonly Crypto[] {
  const optional = [loadLibsodiumCrypto(), loadSodiumCrypto()]
  return [...optional.filter((crypto) => crypto !== undefined), nodeCrypto, nobleCrypto]
}
