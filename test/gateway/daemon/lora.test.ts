/** Daemons with radios: real KISS bytes to emulated RNodes on one ether, from fips.yaml to an answered ping. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Ether, PacedClock, RNODE_PROFILES, RnodeEmulator, SeededRng } from '../../../boards/index.ts'
import { systemClock } from '../../../gateway/clock.ts'
import { generateKeyFiles } from '../../../gateway/keystore/index.ts'
import { systemRng } from '../../../gateway/rng.ts'
import { startDaemon, until, type TestDaemon } from './pair.ts'

/** A second of these radios is many on the air: a duty cycle would be used up at once. */
const UNLIMITED =
  'region: custom, custom_low_hz: 860000000, custom_high_hz: 870000000, custom_max_power_dbm: 14'

/** The radios run so many times faster than real ones. */
const SPEED = 10

const clock = new PacedClock(systemClock, SPEED)
const ether = new Ether({ clock, rng: new SeededRng(1) })
ether.setDefaultLink({})
const modems = new Map(
  ['hill', 'valley', 'stranger'].map((name, index) => [
    name,
    new RnodeEmulator({ clock, rng: new SeededRng(index), ether, name, profile: RNODE_PROFILES.esp32 }),
  ]),
)

function openPort(port: string): () => ReturnType<RnodeEmulator['open']> {
  const modem = modems.get(port)
  assert.ok(modem)
  return modem.open
}

const directories = new Map(
  [...modems.keys()].map((name) => [name, mkdtempSync(join(tmpdir(), 'fips-lora-'))]),
)
const npubs = new Map<string, string>()
const daemons = new Map<string, TestDaemon>()

/** A node that lists `peers` and dials them over the air. */
async function startRadioNode(name: string, peers: readonly string[]): Promise<void> {
  const list = peers
    .map((peer) => `  - { npub: ${npubs.get(peer)}, alias: ${peer}, addresses: [{ transport: lora }] }\n`)
    .join('')
  const radio = `transports:\n  lora: { port: ${name}, spreading_factor: 7, ${UNLIMITED} }\n`
  const daemon = await startDaemon(
    `${radio}${list === '' ? '' : `peers:\n${list}`}`,
    directories.get(name),
    (port) => openPort(port),
  )
  daemons.set(name, daemon)
}

function node(name: string): TestDaemon {
  const daemon = daemons.get(name)
  assert.ok(daemon)
  return daemon
}

const peerCount = (reply: Readonly<Record<string, unknown>>): number =>
  Array.isArray(reply['peers']) ? reply['peers'].length : 0

before(async () => {
  for (const [name, directory] of directories) npubs.set(name, generateKeyFiles(directory, systemRng).npub)
  await startRadioNode('hill', ['valley'])
  await startRadioNode('valley', ['hill'])
  await until(
    () => node('valley').ask('show_peers'),
    (reply) => peerCount(reply) === 1,
  )
})
after(async () => {
  for (const daemon of daemons.values()) await daemon.stop()
  for (const directory of directories.values()) rmSync(directory, { recursive: true, force: true })
})

test('two radios link up and ping', async () => {
  const reply = await until(
    () => node('valley').ask('ping', { npub: npubs.get('hill'), timeout_ms: 5000 }),
    ({ result }) => result === 'reply',
  )
  assert.equal(reply['bytes'], 64)
})

test('peers show their signal, the radio its time on air', async () => {
  const peers = JSON.stringify(await node('valley').ask('show_peers'))
  assert.match(peers, /"transport_type":"lora"/)
  assert.match(peers, /"radio":\{"addr":"[0-9a-f]{8}","rssi_dbm":-?\d/)
  assert.match(JSON.stringify(await node('valley').ask('show_transports')), /"airtime":\{"sent_frames":[1-9]/)
})

test('a stranger gets no answer and leaves no state, until a list names it', async () => {
  await startRadioNode('stranger', ['hill'])
  const stranger = node('stranger')
  // It has tried: its radio was on the air for it.
  await until(
    () => stranger.ask('show_transports'),
    (reply) => /"sent_frames":[1-9]/.test(JSON.stringify(reply)),
  )
  assert.equal(peerCount(await stranger.ask('show_peers')), 0)
  const { connections } = await node('hill').ask('show_connections')
  assert.deepEqual(connections, [])
  assert.equal(peerCount(await node('hill').ask('show_peers')), 1)

  const directory = directories.get('hill')
  assert.ok(directory)
  writeFileSync(join(directory, 'peers.allow'), `${npubs.get('stranger')}\n`)
  await until(
    () => node('hill').ask('show_peers'),
    (reply) => peerCount(reply) === 2,
  )
})

test('a modem that is pulled and plugged again is used again without a restart', async () => {
  const modem = modems.get('valley')
  assert.ok(modem)
  const valley = node('valley')
  modem.unplug()
  await until(
    () => valley.ask('show_transports'),
    (reply) => JSON.stringify(reply).includes('"state":"down"'),
  )
  assert.equal(peerCount(await valley.ask('show_peers')), 0)
  modem.plug()
  await until(
    () => valley.ask('show_peers'),
    (reply) => peerCount(reply) === 1,
  )
})
