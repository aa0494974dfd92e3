/** Daemons in this process, on loopback, each with a folder of its own. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { interpret } from '../../../gateway/config/index.ts'
import { askDaemon, isRecord, type ReplyData } from '../../../gateway/control/index.ts'
import { Daemon, type DaemonOptions } from '../../../gateway/daemon/index.ts'
import { createLogger } from '../../../gateway/logger/index.ts'

export interface TestDaemon {
  readonly daemon: Daemon
  readonly npub: string
  readonly directory: string
  readonly socket: string
  /** Lines of its log so far. */
  readonly log: readonly string[]
  ask(command: string, params?: Readonly<Record<string, unknown>>): Promise<ReplyData>
  stop(): Promise<void>
}

const POLL_MS = 20
/** Generous: a slow machine under load, never waited for in full when things work. */
const PATIENCE_MS = 30_000

/** Starts a daemon with `sections` of fips.yaml besides the node section. */
export async function startDaemon(
  sections: string,
  directory: string = mkdtempSync(join(tmpdir(), 'fips-daemon-')),
  openPort?: DaemonOptions['openPort'],
): Promise<TestDaemon> {
  const socket = join(directory, 'control.sock')
  const text = `node:\n  identity: { persistent: true }\n  control: { socket_path: ${socket} }\n${sections}`
  const log: string[] = []
  const logger = createLogger({ level: 'debug', format: 'plain', write: (line) => log.push(line) })
  try {
    const loaded = interpret([{ file: join(directory, 'fips.yaml'), text }])
    const daemon = await Daemon.start({
      loaded,
      logger,
      tun: false,
      accessDirectory: directory,
      ...(openPort && { openPort }),
    })
    return {
      daemon,
      npub: daemon.identity.npub,
      directory,
      socket,
      log,
      ask: (command, params) => askDaemon(socket, command, params),
      async stop() {
        await daemon.stop()
        rmSync(directory, { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}

export const UDP_ON_LOOPBACK = 'transports:\n  udp: { bind_addr: "127.0.0.1:0" }\n'

export const TCP_ON_LOOPBACK = 'transports:\n  tcp: { bind_addr: "127.0.0.1:0" }\n'

/** A section that dials `other` over its first transport. */
export async function dials(other: TestDaemon, alias: string): Promise<string> {
  const { type, local_addr } = await firstTransport(other)
  return `peers:\n  - npub: ${other.npub}\n    alias: ${alias}\n    addresses: [{ transport: ${String(type)}, addr: "${String(local_addr)}" }]\n`
}

/** The first of its transports as shown. */
export async function firstTransport(daemon: TestDaemon): Promise<ReplyData> {
  const { transports } = await daemon.ask('show_transports')
  const first: unknown = Array.isArray(transports) ? transports[0] : undefined
  assert.ok(isRecord(first))
  return first
}

/** Asks until the answer satisfies; fails after a long time. */
export async function until<T>(ask: () => Promise<T>, satisfies: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (satisfies(answer)) return answer
    assert.ok(performance.now() < end, `still not so: ${JSON.stringify(answer).slice(0, 500)}`)
    await sleep(POLL_MS)
  }
}

/** Two daemons with a link, their tree settled and a session between them. */
export async function startPair(
  transports: string = UDP_ON_LOOPBACK,
): Promise<readonly [TestDaemon, TestDaemon]> {
  const first = await startDaemon(transports)
  const second = await startDaemon(`${transports}${await dials(first, 'first')}`)
  await until(
    () => second.ask('show_peers'),
    ({ peers }) => Array.isArray(peers) && peers.length === 1,
  )
  await until(
    () => second.ask('ping', { npub: first.npub }),
    ({ result }) => result === 'reply',
  )
  return [first, second]
}
