/**
 * Nodes as running programs: what a test asks of one, whoever wrote it, and our own daemon behind that interface.
 * Facts come from the control socket, which speaks the reference's commands.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Identity } from '../../core/index.ts'
import { askDaemon, type ReplyData } from '../../gateway/control/index.ts'
import { eventually, FIPS_RADIO, run, start, type Running } from './process.ts'

export interface LiveNode {
  readonly name: string
  readonly identity: Identity
  ask(query: string, params?: Readonly<Record<string, unknown>>): Promise<ReplyData>
  /** One echo with `payloadBytes` of payload; false when no reply came in time. */
  ping(to: Identity, payloadBytes?: number): Promise<boolean>
  /** One small echo, sent at once; false when no reply came within `timeoutMs`. Never rejects. */
  echo(to: Identity, timeoutMs: number): Promise<boolean>
  /** Ends the process: SIGTERM says goodbye to the peers, SIGKILL does not. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again with the same key and the same ports. */
  start(): Promise<void>
}

/** Where what was started is put to be ended: a test, or a script of its own. */
export interface Teardown {
  after(end: () => unknown): void
}

/** The identity whose secret key is a small number. */
export function identityOf(seed: number): Identity {
  const secret = new Uint8Array(32)
  new DataView(secret.buffer).setUint32(28, seed)
  return Identity.fromSecret(secret)
}

/** A folder for sockets and configurations, with a path short enough for a Unix socket; removed after the test. */
export function scratch(t: Teardown): string {
  const folder = mkdtempSync(join(tmpdir(), 'fips-live-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A UDP port of the loopback that nobody holds now. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

/** A TCP port of the loopback that nobody holds now. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}

/** How a program is started: here, or inside a namespace. */
export type Starter = (program: string, args: readonly string[]) => Running

export interface DaemonOptions {
  readonly name: string
  /** Its secret key is this number. */
  readonly seed: number
  readonly folder: string
  /** Sections besides `node.identity` and `node.control`, as they stand in a configuration file. */
  readonly config: Readonly<Record<string, unknown>>
  /** Keys of the section `node`. */
  readonly node?: Readonly<Record<string, unknown>>
  readonly starter?: Starter
}

/** Our daemon, run as an operator runs it. */
export class DaemonNode implements LiveNode {
  readonly name: string
  readonly identity: Identity
  readonly socket: string
  readonly #config: string
  readonly #starter: Starter
  #running: Running | undefined

  /** Resolves when it runs; it is stopped after the test. */
  static async run(t: Teardown, options: DaemonOptions): Promise<DaemonNode> {
    const node = new DaemonNode(options)
    t.after(() => node.stop())
    await node.start()
    return node
  }

  private constructor(options: DaemonOptions) {
    const { name, seed, folder } = options
    this.name = name
    this.identity = identityOf(seed)
    this.socket = join(folder, `${name}.sock`)
    this.#config = join(folder, `${name}.yaml`)
    this.#starter = options.starter ?? start
    const node = {
      ...options.node,
      identity: { nsec: seed.toString(16).padStart(64, '0') },
      control: { socket_path: this.socket },
      log_level: 'debug',
    }
    // JSON is YAML.
    writeFileSync(this.#config, JSON.stringify({ dns: { enabled: false }, ...options.config, node }))
  }

  get pid(): number | undefined {
    return this.#running?.child.pid
  }

  get output(): string {
    return this.#running?.output() ?? ''
  }

  ask(query: string, params?: Readonly<Record<string, unknown>>): Promise<ReplyData> {
    return askDaemon(this.socket, query, params)
  }

  async ping(to: Identity, payloadBytes = 56): Promise<boolean> {
    const size = String(payloadBytes)
    const args = [FIPS_RADIO, 'ping', to.npub, '-s', this.socket, '-n', '1', '--size', size]
    return (await run(process.execPath, args)).code === 0
  }

  async echo(to: Identity, timeoutMs: number): Promise<boolean> {
    try {
      const { result } = await askDaemon(this.socket, 'ping', { npub: to.npub, timeout_ms: timeoutMs })
      return result === 'reply'
    } catch {
      // It is not running, or is just going.
      return false
    }
  }

  /** Resolves with the next or an earlier line of its log that contains `text`. */
  logged(text: string): Promise<string> {
    assert.ok(this.#running)
    return this.#running.line(`${this.name} logs "${text}"`, (line) => line.includes(text))
  }

  async start(): Promise<void> {
    this.#running = this.#starter(process.execPath, [FIPS_RADIO, 'run', '-c', this.#config])
    await this.logged('the node runs')
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.#running?.stop(signal)
  }
}

/** What `query` of a node shows, once `pick` finds something in it. */
export function seen<T>(
  node: LiveNode,
  what: string,
  query: string,
  pick: (data: ReplyData) => Promise<T | undefined> | T | undefined,
  withinMs?: number,
): Promise<T> {
  return eventually(`${node.name}: ${what}`, async () => pick(await node.ask(query)), withinMs)
}

/** The row of a table in a reply that belongs to `of`, by the name of the column that tells. */
export function rowOf(data: ReplyData, table: string, column: string, of: Identity): ReplyData | undefined {
  const rows: unknown = data[table]
  if (!Array.isArray(rows)) return undefined
  return rows.find((row: ReplyData) => row[column] === of.nodeAddr)
}

/** Pings until an answer comes. */
export async function reaches(from: LiveNode, to: LiveNode, payloadBytes?: number): Promise<void> {
  await eventually(`${from.name} reaches ${to.name}`, async () =>
    (await from.ping(to.identity, payloadBytes)) ? true : undefined,
  )
}
