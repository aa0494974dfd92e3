/** What goes wrong while a daemon runs or ends: frames that fail a check are counted, peers are told, files are whole. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { encodeMsg1, ESTABLISHED_MIN_SIZE } from '../../core/fmp/index.ts'
import { IK_MSG1_SIZE } from '../../core/noise/index.ts'
import { recordOf } from '../../gateway/cli/format.ts'
import { openPty } from '../../gateway/pipes/index.ts'
import { DaemonNode, freeUdpPort, reaches, scratch, seen } from '../support/live-node.ts'
import { eventually, FIPS_RADIO, ROOT, run, start, type Running } from '../support/process.ts'

/** Sends datagrams to a port of the loopback. */
async function throwAt(port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const datagram of datagrams) {
    await new Promise((resolve) => {
      socket.send(datagram, port, '127.0.0.1', resolve)
    })
  }
  socket.close()
  await once(socket, 'close')
}

/** Two daemons over UDP; the second dials the first. */
async function pair(t: TestContext): Promise<readonly [DaemonNode, DaemonNode, port: number]> {
  const folder = scratch(t)
  const port = await freeUdpPort()
  const first = await DaemonNode.run(t, {
    name: 'first',
    seed: 1,
    folder,
    config: { transports: { udp: { bind_addr: `127.0.0.1:${port}` } } },
  })
  const { npub } = first.identity
  const second = await DaemonNode.run(t, {
    name: 'second',
    seed: 2,
    folder,
    config: {
      transports: { udp: { bind_addr: '127.0.0.1:0' } },
      peers: [{ npub, addresses: [{ transport: 'udp', addr: `127.0.0.1:${port}` }] }],
    },
  })
  await reaches(second, first)
  return [first, second, port]
}

test('frames that fail a check are counted by reason, in the reply and in what `status` prints', async (t) => {
  const [first, , port] = await pair(t)
  const nonsense = new Uint8Array(IK_MSG1_SIZE).fill(9)
  await throwAt(port, [
    // Another protocol, and a version to come.
    new TextEncoder().encode('GET / HTTP/1.1'),
    Uint8Array.of(0x90, 0, 0, 0),
    // Lengths that do not agree with the frame.
    encodeMsg1(7, nonsense).subarray(0, 60),
    // A first handshake message with nothing true in it, and a frame on a link that does not exist.
    encodeMsg1(7, nonsense),
    Uint8Array.from({ length: ESTABLISHED_MIN_SIZE }),
  ])
  const dropped = await seen(first, 'counts five frames', 'show_status', (data) => {
    const groups = recordOf(data, 'dropped_frames')
    const [link, handshake] = [recordOf(groups, 'link'), recordOf(groups, 'handshake')]
    const counts = Object.values({ ...link, ...handshake }).map(Number)
    return counts.reduce((sum, count) => sum + count, 0) >= 5 ? { link, handshake } : undefined
  })
  assert.deepEqual(dropped, {
    link: { malformed: 2, payload_len_mismatch: 1, unknown_index: 1 },
    handshake: { msg1_malformed: 1 },
  })
  const { stdout } = await run(process.execPath, [FIPS_RADIO, 'status', '-s', first.socket])
  assert.match(
    stdout,
    /\nlink +malformed 2, payload len mismatch 1, unknown index 1\nhandshake +msg1 malformed 1\n/,
  )
})

test('SIGTERM tells the peers, and the daemon ends with 0', async (t) => {
  const [first, second] = await pair(t)
  await second.stop('SIGTERM')
  assert.match(await first.logged('is down'), /peer .* is down: it said goodbye \(shutdown\)/)
  assert.match(second.output, /SIGTERM: saying goodbye to the peers/)
})

test('SIGTERM while a radio is waited for ends the start at once with 0', async (t) => {
  const folder = scratch(t)
  const config = join(folder, 'fips.yaml')
  const { path, pipe } = openPty()
  t.after(() => pipe.close())
  const socket = join(folder, 'control.sock')
  writeFileSync(
    config,
    `node: { control: { socket_path: ${socket} } }\ntransports: { lora: { port: ${path}, region: EU868 } }\n`,
  )
  const daemon = start(process.execPath, [FIPS_RADIO, 'run', '-c', config])
  t.after(() => daemon.stop())
  await eventually('the control socket is there', () => existsSync(socket) || undefined)
  assert.equal(await daemon.stop('SIGTERM'), 0)
  assert.doesNotMatch(daemon.output(), /No modem answers/)
  assert.equal(existsSync(socket), false)
})

test('a daemon that is ended at any moment of its start keeps the identity it made', async (t) => {
  const folder = scratch(t)
  const config = join(folder, 'fips.yaml')
  const socket = join(folder, 'control.sock')
  writeFileSync(
    config,
    `node: { identity: { persistent: true }, control: { socket_path: ${socket} } }\ndns: { enabled: false }\n`,
  )
  const daemon = (): Running => {
    const running = start(process.execPath, [FIPS_RADIO, 'run', '-c', config])
    t.after(() => running.stop())
    return running
  }
  const killed = daemon()
  await killed.line('makes its key', (line) => line.includes('made a new identity'))
  await killed.stop('SIGKILL')
  const npub = readFileSync(join(folder, 'fips.pub'), 'utf8').trim()
  const again = daemon()
  assert.match(await again.line('runs', (line) => line.includes('the node runs')), new RegExp(npub))
  assert.equal(await again.stop('SIGTERM'), 0)
  assert.match(readFileSync(join(folder, 'fips.key'), 'utf8'), /^nsec1[0-9a-z]{58}\n$/)
})

/** Saves over `path` and dies at `moment`. */
const SAVE_AND_DIE = `
import { renameSync, writeSync } from 'node:fs'
const [keystore, path, moment] = process.argv.slice(1)
const { writeWhole } = await import(keystore)
const die = () => process.kill(process.pid, 'SIGKILL')
writeWhole({ path, text: 'new '.repeat(1000), mode: 0o600, intent: 'replace' }, {
  writeSync: (descriptor, bytes) => {
    if (moment !== 'in the middle') return writeSync(descriptor, bytes)
    writeSync(descriptor, bytes.subarray(0, 7))
    die()
  },
  renameSync: (from, to) => {
    if (moment === 'before the new file has its name') die()
    renameSync(from, to)
    die()
  },
})`

for (const [moment, text] of [
  ['in the middle', 'old'],
  ['before the new file has its name', 'old'],
  ['after it has', 'new '.repeat(1000)],
] as const) {
  test(`killed while it saves, ${moment}: the file is whole`, async (t) => {
    const path = join(scratch(t), 'state')
    writeFileSync(path, 'old', { mode: 0o600 })
    const keystore = join(ROOT, 'dist', 'gateway', 'keystore', 'index.js')
    const args = ['--input-type=module', '-e', SAVE_AND_DIE, keystore, path, moment]
    const { code, stderr } = await run(process.execPath, args)
    assert.equal(code, null, stderr)
    assert.equal(readFileSync(path, 'utf8'), text)
  })
}
