/** Daemons on loopback: they link up, ping, lose each other politely, and refuse to start with one clear sentence. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { OperatorError, type ExitKind } from '../../../gateway/errors.ts'
import { dials, startDaemon, startPair, UDP_ON_LOOPBACK, until } from './pair.ts'

async function refuses(kind: ExitKind, pattern: RegExp, start: () => Promise<unknown>): Promise<void> {
  await assert.rejects(start, (error) => {
    assert.ok(error instanceof OperatorError, String(error))
    assert.equal(error.kind, kind, error.message)
    assert.match(error.message, pattern)
    assert.doesNotMatch(error.message, /\n\s+at /)
    return true
  })
}

test('two daemons link up over UDP and ping each other, without root and without an interface', async () => {
  const [first, second] = await startPair()
  try {
    const there = await second.ask('ping', { npub: first.npub, sequence: 7, size: 100 })
    assert.equal(there['result'], 'reply')
    assert.equal(there['sequence'], 7)
    assert.equal(there['bytes'], 108)
    const back = await first.ask('ping', { npub: second.npub })
    assert.equal(back['result'], 'reply')
    assert.match(second.log.join(''), /peer first is up/)
  } finally {
    await second.stop()
    await first.stop()
  }
})

test('a daemon that stops tells its peers, and leaves no socket and whole key files behind', async () => {
  const [first, second] = await startPair()
  try {
    await second.daemon.stop()
    assert.equal(existsSync(second.socket), false)
    assert.equal(existsSync(join(second.directory, 'fips.key')), true)
    await until(
      () => first.ask('show_peers'),
      ({ peers }) => Array.isArray(peers) && peers.length === 0,
    )
    assert.match(first.log.join(''), /is down: .*shutdown/)
  } finally {
    await second.stop()
    await first.stop()
  }
})

test('a peer that comes back is linked again by itself', async () => {
  const first = await startDaemon(UDP_ON_LOOPBACK)
  const addresses = await dials(first, 'first')
  const directory = mkdtempSync(join(tmpdir(), 'fips-again-'))
  const start = () => startDaemon(`${UDP_ON_LOOPBACK}${addresses}`, directory)
  const linked = ({ peers }: Readonly<Record<string, unknown>>): boolean =>
    Array.isArray(peers) && peers.length === 1
  const once = await start()
  try {
    await until(() => first.ask('show_peers'), linked)
    await once.daemon.stop()
    const again = await start()
    assert.equal(again.npub, once.npub)
    await until(() => again.ask('show_peers'), linked)
    await again.stop()
  } finally {
    await first.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})

test('a ping to a node nobody knows says so', async () => {
  const [first, second] = await startPair()
  try {
    const npub = 'npub1vdrucn4t2hpmwhsfzt02zyceev3cvp6r6q8930s7ecf0p0plgyfqgehc27'
    const { result } = await first.ask('ping', { npub, timeout_ms: 500 })
    assert.ok(result === 'timeout' || result === 'undeliverable', String(result))
  } finally {
    await second.stop()
    await first.stop()
  }
})

test('connect and disconnect work while the daemon runs', async () => {
  const first = await startDaemon(UDP_ON_LOOPBACK)
  const second = await startDaemon(UDP_ON_LOOPBACK)
  try {
    const address = /addr: "([^"]+)"/.exec(await dials(first, 'x'))?.[1]
    assert.deepEqual(await second.ask('connect', { npub: first.npub, address, transport: 'udp' }), {
      npub: first.npub,
      address,
      transport: 'udp',
      refreshed: false,
    })
    const peers = () => second.ask('show_peers')
    await until(peers, (reply) => Array.isArray(reply['peers']) && reply['peers'].length === 1)
    await second.ask('disconnect', { npub: first.npub })
    await until(peers, (reply) => Array.isArray(reply['peers']) && reply['peers'].length === 0)
    await assert.rejects(second.ask('disconnect', { npub: first.npub }), /peer not found: npub1/)
  } finally {
    await second.stop()
    await first.stop()
  }
})

test('a peer of the configuration that the operator disconnects is not dialled again', async () => {
  const first = await startDaemon(UDP_ON_LOOPBACK)
  const second = await startDaemon(`${UDP_ON_LOOPBACK}${await dials(first, 'first')}`)
  try {
    const peers = () => second.ask('show_peers')
    await until(peers, (reply) => Array.isArray(reply['peers']) && reply['peers'].length === 1)
    await second.ask('disconnect', { npub: first.npub })
    assert.deepEqual(await second.ask('show_connections'), { connections: [] })
    assert.deepEqual((await second.ask('show_routing'))['retries'], [])
    assert.deepEqual(await peers(), { peers: [] })
  } finally {
    await second.stop()
    await first.stop()
  }
})

test('two daemons on one control socket: the second says who has it', async () => {
  const first = await startDaemon(UDP_ON_LOOPBACK)
  try {
    await refuses('in-use', /Another daemon answers on the control socket .*socket_path/, async () => {
      await startDaemonOn(first.socket, UDP_ON_LOOPBACK)
    })
    assert.equal((await first.ask('show_status'))['state'], 'running')
  } finally {
    await first.stop()
  }
})

async function startDaemonOn(socket: string, sections: string): Promise<void> {
  const { interpret } = await import('../../../gateway/config/index.ts')
  const { Daemon } = await import('../../../gateway/daemon/index.ts')
  const { silentLogger } = await import('../../../gateway/logger/index.ts')
  const text = `node: { control: { socket_path: ${socket} } }\n${sections}`
  const loaded = interpret([{ file: join(tmpdir(), 'fips-none', 'fips.yaml'), text }])
  await Daemon.start({ loaded: { ...loaded, directory: undefined }, logger: silentLogger, tun: false })
}

test('two daemons on one UDP port: the second says which', async () => {
  const first = await startDaemon(UDP_ON_LOOPBACK)
  try {
    const address = /addr: "([^"]+)"/.exec(await dials(first, 'x'))?.[1]
    await refuses('in-use', /^transports\.udp: .*127\.0\.0\.1/, () =>
      startDaemon(`transports:\n  udp: { bind_addr: "${address}" }\n`),
    )
  } finally {
    await first.stop()
  }
})

test('a serial port that is not there stops a daemon that has nothing else', async () => {
  await refuses('no-device', /^transports\.serial: .*\/dev\/fips-no-such-port/, () =>
    startDaemon('transports:\n  serial: { port: /dev/fips-no-such-port }\n'),
  )
})

test('a radio that is not there is a warning for a daemon that has other work', async () => {
  const daemon = await startDaemon(
    `${UDP_ON_LOOPBACK}  lora: { port: /dev/fips-no-such-radio, region: EU868 }\n`,
  )
  try {
    assert.match(daemon.log.join(''), /WARN .*transports\.lora: .*fips-no-such-radio.* goes on trying/)
    const { transports } = await daemon.ask('show_transports')
    assert.ok(Array.isArray(transports))
    assert.deepEqual(
      transports.map(({ type, state }: { type: string; state: string }) => [type, state]),
      [
        ['udp', 'up'],
        ['lora', 'down'],
      ],
    )
  } finally {
    await daemon.stop()
  }
})

test('a radio without a region stays silent and the rest of the node runs', async () => {
  const daemon = await startDaemon(`${UDP_ON_LOOPBACK}  lora: { port: /dev/fips-no-such-radio }\n`)
  try {
    const { transports } = await daemon.ask('show_transports')
    assert.ok(Array.isArray(transports))
    assert.match(JSON.stringify(transports), /no region is set/)
  } finally {
    await daemon.stop()
  }
})
