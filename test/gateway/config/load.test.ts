/** Defaults, merging, instances and the forms the reference's files come in. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DEFAULT_NODE_CONFIG } from '../../../core/index.ts'
import { OperatorError } from '../../../gateway/errors.ts'
import {
  defaultControlSocket,
  interpret,
  loadConfig,
  radioChoice,
  searchPath,
  type Config,
} from '../../../gateway/config/index.ts'
import { coreConfig } from '../../../gateway/daemon/node-config.ts'

function config(...texts: string[]): Config {
  return interpret(texts.map((text, index) => ({ file: `${index}.yaml`, text }))).config
}

test('an empty file is all defaults, and they are those of the protocol core', () => {
  const { node, tun, dns, transports, peers } = config('')
  const { discovery, ...core } = DEFAULT_NODE_CONFIG
  const ours = coreConfig(node)
  assert.deepEqual(ours, { ...core, discovery })
  assert.deepEqual(node.lookup, discovery)
  assert.deepEqual(tun, { enabled: false, name: 'fips0', mtu: 1280 })
  assert.deepEqual(dns, { enabled: true, bindAddr: '::1', port: 5354, ttl: 300 })
  assert.deepEqual(transports.udp, [])
  assert.deepEqual(peers, [])
})

test('a transport without keys is one instance with defaults', () => {
  const [udp, ...more] = config('transports:\n  udp:\n').transports.udp
  assert.equal(udp?.settings.bindAddr, '0.0.0.0:2121')
  assert.equal(udp?.name, undefined)
  assert.deepEqual(more, [])
})

test('named instances keep their names and their order', () => {
  const text = 'transports:\n  udp:\n    b: { bind_addr: "0.0.0.0:1" }\n    a: { bind_addr: "0.0.0.0:2" }\n'
  assert.deepEqual(
    config(text).transports.udp.map(({ name, path, settings }) => [name, path, settings.bindAddr]),
    [
      ['b', 'transports.udp.b', '0.0.0.0:1'],
      ['a', 'transports.udp.a', '0.0.0.0:2'],
    ],
  )
})

test('a later file wins key by key, but brings a transport kind and the peers whole', () => {
  const merged = config(
    'node:\n  limits: { max_peers: 5, max_links: 9 }\ntransports:\n  udp: { mtu: 1400, bind_addr: "0.0.0.0:7" }\n',
    'node:\n  limits: { max_peers: 6 }\ntransports:\n  udp: { mtu: 1300 }\npeers: []\n',
  )
  assert.equal(merged.node.limits.maxPeers, 6)
  assert.equal(merged.node.limits.maxLinks, 9)
  assert.equal(merged.transports.udp[0]?.settings.mtu, 1300)
  assert.equal(merged.transports.udp[0]?.settings.bindAddr, '0.0.0.0:2121')
})

test('the older section node.discovery is read as node.lookup, which wins', () => {
  const { lookup } = config(
    'node:\n  discovery: { ttl: 9, recent_expiry_secs: 3 }\n  lookup: { ttl: 10 }\n',
  ).node
  assert.equal(lookup.ttl, 10)
  assert.equal(lookup.recentExpirySecs, 3)
})

test('a hex key of digits only is text, and anchors are followed', () => {
  const digits = '1'.repeat(64)
  const { node } = config(
    `node:\n  identity: { nsec: ${digits} }\n  mmp: &m { mode: MINIMAL }\n  session_mmp: *m\n`,
  )
  assert.equal(node.identity.nsec, digits)
  assert.equal(node.sessionMmp.mode, 'minimal')
})

test('a LoRa transport with a port and a region needs nothing else', () => {
  const [lora] = config('transports:\n  lora: { port: /dev/x, region: eu868 }\n').transports.lora
  assert.ok(lora)
  const choice = radioChoice(lora.settings)
  assert.ok(choice.ok)
  assert.deepEqual(choice.value.params, {
    frequencyHz: 869_525_000,
    bandwidthHz: 125_000,
    spreadingFactor: 8,
    codingRate: 5,
    txPowerDbm: 14,
  })
  assert.equal(choice.value.subBand.dutyCycle, 0.1)
})

test('every region has a default channel within its own plan', () => {
  for (const region of ['EU868', 'US915', 'AU915', 'AS923']) {
    const [lora] = config(`transports:\n  lora: { port: /dev/x, region: ${region} }\n`).transports.lora
    assert.ok(lora && radioChoice(lora.settings).ok, region)
  }
})

test('a missing file, a directory and a file that is not text are one sentence each', () => {
  const directory = mkdtempSync(join(tmpdir(), 'fips-config-'))
  try {
    const binary = join(directory, 'b.yaml')
    writeFileSync(binary, Uint8Array.of(0xff, 0xfe, 0x00))
    for (const [file, says] of [
      [join(directory, 'none.yaml'), 'does not exist; name an existing file with -c FILE.'],
      [directory, 'is a directory; name the file in it.'],
      [binary, 'is not text in UTF-8; save it as UTF-8.'],
    ] as const) {
      assert.throws(
        () => loadConfig(file),
        (error) => error instanceof OperatorError && error.message === `${file} ${says}`,
      )
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('files and socket are where the reference has them', () => {
  assert.deepEqual(searchPath('/home/a').slice(1), [
    '/home/a/.config/fips/fips.yaml',
    '/home/a/.fips.yaml',
    './fips.yaml',
  ])
  const has =
    (...directories: string[]) =>
    (path: string) =>
      directories.includes(path)
  assert.equal(defaultControlSocket('/run/user/1', has('/run/fips')), '/run/fips/control.sock')
  assert.equal(defaultControlSocket('/run/user/1', has('/run/user/1')), '/run/user/1/fips/control.sock')
  assert.equal(defaultControlSocket('/run/user/1', has()), '/tmp/fips-control.sock')
  assert.equal(defaultControlSocket(undefined, has()), '/tmp/fips-control.sock')
})
