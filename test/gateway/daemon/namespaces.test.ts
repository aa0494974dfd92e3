/** Two daemons in namespaces of their own, joined by UDP: what a person at either end can do with ordinary programs. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Identity, npubOf, nsecOf } from '../../../core/index.ts'
import { join, Namespace } from '../../support/namespace.ts'
import { FIPS_RADIO, type Running } from '../../support/process.ts'
import { needs } from '../../support/requires.ts'

const skip = needs('root', 'tun', 'program:ip', 'program:ping')

interface Place {
  readonly namespace: Namespace
  readonly daemon: Running
  readonly npub: string
}

const SECRETS = [11, 12].map((fill) => new Uint8Array(32).fill(fill))
const NPUBS = SECRETS.map((secret) => npubOf(Identity.fromSecret(secret).publicKey))
const ADDRESSES = ['10.77.0.1', '10.77.0.2']

async function place(t: TestContext, index: 0 | 1, namespace: Namespace): Promise<Place> {
  const directory = mkdtempSync(path(tmpdir(), 'fips-ns-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const other = index === 0 ? 1 : 0
  const config = path(directory, 'fips.yaml')
  writeFileSync(
    config,
    `node:
  identity: { nsec: ${nsecOf(SECRETS[index] ?? new Uint8Array(32))} }
  control: { socket_path: ${path(directory, 'control.sock')} }
tun: { enabled: true }
dns: { port: 53 }
transports:
  udp: { bind_addr: "0.0.0.0:2121" }
peers:
  - npub: ${NPUBS[other]}
    alias: other
    addresses: [{ transport: udp, addr: "${ADDRESSES[other]}:2121" }]
`,
    { mode: 0o600 },
  )
  await namespace.resolveLocally()
  const daemon = namespace.start(process.execPath, [FIPS_RADIO, 'run', '-c', config])
  t.after(() => daemon.stop())
  return { namespace, daemon, npub: NPUBS[index] ?? '' }
}

test('daemons in namespaces: ping by npub and by name, and a download', { skip }, async (t) => {
  const [left, right] = [await Namespace.create('dl'), await Namespace.create('dr')]
  t.after(() => left.remove())
  t.after(() => right.remove())
  await join(left, `${ADDRESSES[0]}/24`, right, `${ADDRESSES[1]}/24`)
  const a = await place(t, 0, left)
  const b = await place(t, 1, right)
  const runs = (line: string): boolean => line.includes('the node runs')
  await a.daemon.line('runs', runs)
  await b.daemon.line('runs', runs)

  const pinged = await left.run('ping', ['-6', '-c', '5', '-i', '0.3', '-W', '10', `${b.npub}.fips`])
  assert.match(pinged.stdout, / 0% packet loss/, `${pinged.stdout}${pinged.stderr}\n${a.daemon.output()}`)
  const named = await right.run('ping', ['-6', '-c', '3', '-i', '0.3', '-W', '10', 'other.fips'])
  assert.match(named.stdout, / 0% packet loss/, `${named.stdout}${named.stderr}\n${b.daemon.output()}`)

  const SERVE = `require('node:http').createServer((q, r) => r.end(Buffer.alloc(200000, 'fips'))).listen(8080, '::', () => console.log('serving'))`
  const server = right.start(process.execPath, ['-e', SERVE])
  t.after(() => server.stop())
  await server.line('serves', (line) => line === 'serving')
  const GET = `fetch('http://${b.npub}.fips:8080/').then((r) => r.arrayBuffer()).then((b) => console.log('got', b.byteLength, Buffer.from(b).equals(Buffer.alloc(200000, 'fips'))))`
  const got = await left.run(process.execPath, ['-e', GET])
  assert.match(got.stdout, /got 200000 true/, got.stdout + got.stderr)

  const outside = await left.run('ping', ['-6', '-c', '1', '-W', '3', 'fd99::1'])
  assert.notEqual(outside.code, 0)
})
