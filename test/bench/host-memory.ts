/** Memory of the daemon as an operator runs it: three of them in a line over UDP, of which the middle one is looked at. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { askDaemon } from '../../gateway/control/index.ts'
import { freeUdpPort, identityOf } from '../support/live-node.ts'
import { eventually, FIPS_RADIO, run, start, type Running } from '../support/process.ts'

export interface Memory {
  /** Resident set of a daemon with one peer after a while of quiet, MiB. */
  readonly idleMiB: number
  /** The same with two peers, after it has forwarded. */
  readonly forwardedMiB: number
  /** Echoes that crossed it, each way counted. */
  readonly forwardedPackets: number
}

export interface MemoryEffort {
  readonly quietMs: number
  readonly pings: number
}

const KIB_PER_MIB = 1024
const PING_SIZE = '1000'

/** Undefined where the system does not tell (no /proc). */
export async function measureMemory(effort: MemoryEffort): Promise<Memory | undefined> {
  if (process.platform !== 'linux') return undefined
  const folder = mkdtempSync(join(tmpdir(), 'fips-bench-'))
  const daemons: Running[] = []
  try {
    const ports = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()]
    const launch = async (index: number): Promise<Running> => {
      const daemon = start(process.execPath, [FIPS_RADIO, 'run', '-c', configure(folder, index, ports)])
      daemons.push(daemon)
      await daemon.line('runs', (line) => line.includes('the node runs'))
      return daemon
    }
    const middle = await launch(1)
    await launch(0)
    await peersOf(folder, 1, 1)
    await sleep(effort.quietMs)
    const idleMiB = residentMiB(middle)
    await launch(2)
    await peersOf(folder, 1, 2)
    const answered = await pingAcross(folder, effort.pings)
    return { idleMiB, forwardedMiB: residentMiB(middle), forwardedPackets: 2 * answered }
  } finally {
    await Promise.all(daemons.map((daemon) => daemon.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Writes the configuration of one of the three; each dials the one before it. */
function configure(folder: string, index: number, ports: readonly number[]): string {
  const path = join(folder, `n${index}.yaml`)
  const config = {
    node: {
      identity: { nsec: secretOf(index) },
      control: { socket_path: socketOf(folder, index) },
    },
    tun: { enabled: false },
    dns: { enabled: false },
    transports: { udp: { bind_addr: `127.0.0.1:${ports[index]}` } },
    peers: index === 0 ? [] : [peerAt(index - 1, ports)],
  }
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
  return path
}

function peerAt(index: number, ports: readonly number[]): object {
  return {
    npub: identityOf(index + 1).npub,
    addresses: [{ transport: 'udp', addr: `127.0.0.1:${ports[index]}` }],
  }
}

/** The key of `identityOf(index + 1)`. */
function secretOf(index: number): string {
  return (index + 1).toString(16).padStart(64, '0')
}

function socketOf(folder: string, index: number): string {
  return join(folder, `n${index}.sock`)
}

async function peersOf(folder: string, index: number, count: number): Promise<void> {
  await eventually(`n${index} has ${count} peers`, async () => {
    const { peers } = await askDaemon(socketOf(folder, index), 'show_peers')
    return Array.isArray(peers) && peers.length === count ? true : undefined
  })
}

/** Echoes from one end to the other; how many came back. */
async function pingAcross(folder: string, count: number): Promise<number> {
  const far = identityOf(3).npub
  const args = ['ping', far, '-s', socketOf(folder, 0), '--size', PING_SIZE, '--json']
  await eventually('the far end answers', async () => {
    const { code } = await run(process.execPath, [FIPS_RADIO, ...args, '-n', '1'])
    return code === 0 ? true : undefined
  })
  const { stdout } = await run(process.execPath, [
    FIPS_RADIO,
    ...args,
    '-n',
    String(count),
    '--interval',
    '0',
  ])
  const summary: unknown = JSON.parse(stdout)
  return typeof summary === 'object' && summary !== null && 'received' in summary
    ? Number(summary.received)
    : 0
}

function residentMiB({ child }: Running): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
  return Number(kib) / KIB_PER_MIB
}
