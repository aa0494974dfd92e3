/**
 * The emulated RNode in front of a client nobody here wrote: Reticulum's own daemon with a plain RNodeInterface
 * configuration. Two of them, joined only by the emulated modems, exchange an announce and a proven message.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CACHE, ROOT, start, type Running } from '../support/process.ts'
import { needs } from '../support/requires.ts'

const PYTHON = join(CACHE, 'rns', 'bin', 'python')
const RNSD = join(CACHE, 'rns', 'bin', 'rnsd')
const EMULATE = join(ROOT, 'dist', 'gateway', 'bin', 'emulate.js')
const PEER = join(ROOT, 'test', 'interop', 'rns', 'peer.py')
const missing = needs(`file:${RNSD}`)
const skip = missing === false ? false : `${missing}: run scripts/install-rns (needs python3-venv)`

/** Everything an operator would write for a LoRa interface, and nothing else. */
function config(name: string, port: string): string {
  return `[reticulum]
enable_transport = No
share_instance = Yes
instance_name = ${name}
[logging]
loglevel = 4
[interfaces]
[[LoRa]]
type = RNodeInterface
enabled = yes
port = ${port}
frequency = 868100000
bandwidth = 125000
txpower = 14
spreadingfactor = 8
codingrate = 5
`
}

/** The fields of a peer's next event of this name. */
async function event(peer: Running, name: string): Promise<ReadonlyMap<string, unknown>> {
  const line = await peer.line(name, (text) => text.includes(`"event": "${name}"`))
  const parsed: unknown = JSON.parse(line)
  return new Map(typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [])
}

test('two rnsd exchange an announce and a proven message over emulated RNodes', { skip }, async (t) => {
  const scratch = mkdtempSync(join(tmpdir(), 'fips-rns-'))
  const running: Running[] = []
  const launch = (program: string, ...args: string[]): Running => {
    const started = start(program, args)
    running.push(started)
    return started
  }
  t.after(async () => {
    await Promise.all(running.map((one) => one.stop()))
    rmSync(scratch, { recursive: true, force: true })
  })

  const island = launch(process.execPath, EMULATE, '--nodes', '2', '--dir', scratch, '--log')
  await island.line('ready', (line) => line.includes('"type":"ready"'))
  const peers: Running[] = []
  for (const node of ['n0', 'n1']) {
    const dir = join(scratch, `rns-${node}`)
    mkdirSync(dir)
    writeFileSync(join(dir, 'config'), config(`fips-${process.pid}-${node}`, join(scratch, node)))
    const daemon = launch(RNSD, '--config', dir)
    await daemon.line('radio up', (line) => line.includes('is configured and powered up'))
    await daemon.line('daemon up', (line) => line.includes('Started rnsd'))
    peers.push(launch(PYTHON, PEER, dir))
  }
  const [a, b] = peers
  assert.ok(a && b)
  const home = String((await event(b, 'up')).get('hash'))
  await event(a, 'up')

  b.child.stdin?.write('announce\n')
  const heard = await event(a, 'announce')
  assert.equal(heard.get('hash'), home)
  assert.equal(heard.get('data'), 'hello')

  a.child.stdin?.write(`send ${home} a message over the air\n`)
  assert.equal((await event(b, 'message')).get('text'), 'a message over the air')
  await event(a, 'proof')

  // A message of two LoRa frames: the modem splits it and joins it again.
  const long = 'x'.repeat(300)
  a.child.stdin?.write(`send ${home} ${long}\n`)
  await b.line('the long message', (line) => line.includes(long))
  const sent = island.output().match(/"bytes":255,.*"type":"sent"/g) ?? []
  assert.ok(sent.length > 0, 'a full first half went on air')
})
