/** Daemons in namespaces of their own, each with an interface, names, and its folder; configured as one of a pair. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import type { TestContext } from 'node:test'
import { Identity, npubOf, nsecOf } from '../../core/index.ts'
import { Namespace } from './namespace.ts'
import { FIPS_RADIO, type Running } from './process.ts'

export interface Place {
  readonly namespace: Namespace
  readonly daemon: Running
  readonly npub: string
  /** Its control socket. */
  readonly socket: string
}

/** How one of the two reaches the other. */
export interface Reach {
  /** YAML of the `transports` section's entries, two spaces in. */
  readonly transports: string
  /** Kind and address of the other's end. */
  readonly kind: string
  readonly addr: string
}

const SECRETS = [11, 12].map((fill) => new Uint8Array(32).fill(fill))

/** The npub of a secret key. */
export function npubOfSecret(secret: Uint8Array | undefined): string {
  return npubOf(Identity.fromSecret(secret ?? new Uint8Array(32)).publicKey)
}

/** Starts one of the two; resolves when it says that it runs. Cleans up after the test. */
export function place(
  t: TestContext,
  index: 0 | 1,
  namespace: Namespace,
  reach: Reach,
  env?: NodeJS.ProcessEnv,
): Promise<Place> {
  const { transports, kind, addr } = reach
  const other = { alias: 'other', npub: npubOfSecret(SECRETS[1 - index]), kind, addr }
  return placeWith(t, namespace, { secret: SECRETS[index], transports, peers: [other], env })
}

/** A peer as its neighbour's configuration has it. */
export interface ListedPeer {
  readonly alias: string
  readonly npub: string
  readonly kind: string
  /** Left out where the transport finds it by its key, or where it dials us. */
  readonly addr?: string
}

/** Starts a daemon with an interface and names; resolves when it says that it runs. Cleans up after the test. */
export async function placeWith(
  t: TestContext,
  namespace: Namespace,
  node: {
    readonly secret: Uint8Array | undefined
    readonly transports: string
    readonly peers: readonly ListedPeer[]
    readonly env?: NodeJS.ProcessEnv | undefined
  },
): Promise<Place> {
  const secret = node.secret ?? new Uint8Array(32)
  const directory = mkdtempSync(path(tmpdir(), 'fips-ns-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const config = path(directory, 'fips.yaml')
  const socket = path(directory, 'control.sock')
  const text = `node:
  identity: { nsec: ${nsecOf(secret)} }
  control: { socket_path: ${socket} }
tun: { enabled: true }
dns: { port: 53 }
transports:
${node.transports}
peers:
${node.peers.map((peer) => listed(peer)).join('')}`
  writeFileSync(config, text, { mode: 0o600 })
  await namespace.resolveLocally()
  const daemon = namespace.start(process.execPath, [FIPS_RADIO, 'run', '-c', config], node.env)
  t.after(() => daemon.stop())
  await daemon.line('runs', (line) => line.includes('the node runs'))
  return { namespace, daemon, npub: npubOfSecret(secret), socket }
}

function listed({ alias, npub, kind, addr }: ListedPeer): string {
  const place = addr === undefined ? '' : `, addr: "${addr}"`
  return `  - { npub: ${npub}, alias: ${alias}, addresses: [{ transport: ${kind}${place} }] }\n`
}

/** A namespace that goes with the test. */
export async function namespaceFor(t: TestContext, label: string): Promise<Namespace> {
  const namespace = await Namespace.create(label)
  t.after(() => namespace.remove())
  return namespace
}

/** Pings by name, `count` times; fails when one is lost. */
export async function assertPings(from: Place, name: string, count: number): Promise<void> {
  const args = ['-6', '-c', String(count), '-i', '0.3', '-W', '10', name]
  const pinged = await from.namespace.run('ping', args)
  assert.match(pinged.stdout, / 0% packet loss/, `${pinged.stdout}${pinged.stderr}\n${from.daemon.output()}`)
}

const PORT = 8080

/** Serves `bytes` of a known pattern at a place. */
export async function serve(t: TestContext, where: Place, bytes: number): Promise<void> {
  const program = `require('node:http').createServer((q, r) => r.end(Buffer.alloc(${bytes}, 'fips'))).listen(${PORT}, '::', () => console.log('serving'))`
  const server = where.namespace.start(process.execPath, ['-e', program])
  t.after(() => server.stop())
  await server.line('serves', (line) => line === 'serving')
}

/** Fetches them by npub; gives the milliseconds it took, or why it failed. */
export async function download(from: Place, by: Place, bytes: number): Promise<number | string> {
  const program = `const s = performance.now(); fetch('http://${from.npub}.fips:${PORT}/').then((r) => r.arrayBuffer()).then((b) => console.log(Buffer.from(b).equals(Buffer.alloc(${bytes}, 'fips')) ? 'ms ' + (performance.now() - s) : 'damaged'))`
  const { stdout, stderr } = await by.namespace.run(process.execPath, ['-e', program], 180_000)
  const ms = /^ms ([\d.]+)/m.exec(stdout)?.[1]
  return ms === undefined ? `${stdout}${stderr}` : Number(ms)
}
