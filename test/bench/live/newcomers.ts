/** What newcomers cost a node: processor time of a link's handshake, time to a session, memory of many peers. */
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../support/process.ts'
import { median } from '../measure.ts'
import { Contestant, type ContestantOptions, type Kind } from './contestant.ts'
import { End, packetFrom } from './end.ts'

export interface Newcomers {
  /** Links that come up per second of processor time. */
  readonly handshakesPerCpuSecond: number
  /** From the first packet to the session, ms, median. */
  readonly sessionMs: number
  /** Resident memory by peers, MiB. */
  readonly residentMiB: ReadonlyMap<number, number>
}

/** Until memory is looked at. */
const QUIET_MS = 2000

/** Sessions that are timed. */
const SESSIONS = 16

/** `peerCounts`: at which memory is looked at, rising. Of the last step the handshakes are measured: the code is warm by then. */
export async function measureNewcomers(
  kind: Kind,
  options: ContestantOptions,
  peerCounts: readonly number[],
): Promise<Newcomers> {
  const node = await Contestant.start(kind, options)
  const ends: End[] = []
  try {
    const residentMiB = new Map<number, number>()
    let handshakeNs = 0
    for (const peers of peerCounts) {
      const fresh = await Promise.all(Array.from({ length: peers - ends.length }, () => End.open()))
      ends.push(...fresh)
      const before = node.cpuNs()
      await Promise.all(fresh.map((end) => end.connect(node.identity.publicKey, node.addr)))
      handshakeNs = (node.cpuNs() - before) / fresh.length
      await eventually(`${kind} has ${peers} peers`, async () =>
        (await node.peerCount()) === peers ? true : undefined,
      )
      await sleep(QUIET_MS)
      residentMiB.set(peers, node.residentMiB())
    }
    const sessions: number[] = []
    for (const end of ends.slice(0, SESSIONS)) sessions.push(await sessionMs(end, node))
    return { handshakesPerCpuSecond: 1e9 / handshakeNs, sessionMs: median(sessions), residentMiB }
  } finally {
    await Promise.all(ends.map((end) => end.close()))
    await node.stop()
  }
}

async function sessionMs(end: End, node: Contestant): Promise<number> {
  end.learn(node.identity.publicKey)
  const start = performance.now()
  const up = end.next('session-up')
  end.send(packetFrom(end, node.identity, 100))
  await up
  return performance.now() - start
}
