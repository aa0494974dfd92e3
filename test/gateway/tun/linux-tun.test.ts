import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openTun, TunError } from '../../../gateway/tun/index.ts'
import { Namespace } from '../../support/namespace.ts'
import type { Running } from '../../support/process.ts'
import { needs } from '../../support/requires.ts'

const CHILD = join(dirname(fileURLToPath(import.meta.url)), 'tun-child.js')
const ADDRESS_A = 'fd00:a::1'
const ADDRESS_B = 'fd00:b::1'
const skip = needs('root', 'tun', 'program:ip', 'program:ping')

async function namespace(t: TestContext, label: string): Promise<Namespace> {
  const made = await Namespace.create(label)
  t.after(() => made.remove())
  return made
}

function tunIn(
  t: TestContext,
  where: Namespace,
  name: string,
  address: string,
  ...more: readonly string[]
): Running {
  const running = where.start(process.execPath, [CHILD, name, address, ...more])
  t.after(() => running.stop())
  return running
}

const ready = (running: Running): Promise<string> => running.line('opens', (line) => line.startsWith('ready'))
const failure = (running: Running): Promise<string> =>
  running.line('fails', (line) => line.startsWith('error'))

/** Carries packets of one kernel to the other. */
function glue(from: Running, to: Running): void {
  const { stdout } = from.child
  assert.ok(stdout)
  createInterface({ input: stdout }).on('line', (line) => {
    if (line.startsWith('packet ')) to.child.stdin?.write(`${line.slice('packet '.length)}\n`)
  })
}

test(
  'tun: two kernels ping each other through it, it ends by itself and leaves nothing',
  { skip },
  async (t) => {
    const [left, right] = [await namespace(t, 'tunl'), await namespace(t, 'tunr')]
    const [a, b] = [tunIn(t, left, 'fips0', ADDRESS_A), tunIn(t, right, 'fips0', ADDRESS_B)]
    assert.equal(await ready(a), 'ready fips0 1280')
    await ready(b)
    glue(a, b)
    glue(b, a)
    const shown = await left.run('ip', ['-6', 'addr', 'show', 'dev', 'fips0'])
    assert.match(shown.stdout, /inet6 fd00:a::1\/128/)
    assert.doesNotMatch(shown.stdout, /fe80/)
    const pinged = await left.run('ping', [
      '-6',
      '-c',
      '20',
      '-i',
      '0.02',
      '-s',
      '1232',
      '-W',
      '10',
      ADDRESS_B,
    ])
    assert.match(pinged.stdout, /20 packets transmitted, 20 received/, pinged.stdout + pinged.stderr)
    const flooded = await right.run('ping', ['-6', '-f', '-c', '2000', '-W', '10', ADDRESS_A])
    assert.match(flooded.stdout, / 0% packet loss/, flooded.stdout + flooded.stderr)

    const ended = once(a.child, 'exit')
    a.child.stdin?.end()
    await a.line('closes', (line) => line === 'closed')
    assert.deepEqual(await ended, [0, null])
    const gone = await left.run('ip', ['link', 'show', 'dev', 'fips0'])
    assert.notEqual(gone.code, 0)
    const rules = await left.run('ip', ['-6', 'rule', 'show'])
    assert.doesNotMatch(rules.stdout, /fd00::\/8/)
  },
)

test('tun: nothing but packets for the mesh comes in while the host is idle', { skip }, async (t) => {
  const where = await namespace(t, 'tunq')
  const tun = tunIn(t, where, 'fips0', ADDRESS_A)
  await ready(tun)
  await where.run('ping', ['-6', '-c', '1', '-W', '1', 'fd00:b::9'])
  await tun.line('sees the ping', (line) => line.startsWith('packet '))
  const seen = tun
    .output()
    .split('\n')
    .filter((line) => line.startsWith('packet '))
  for (const line of seen) assert.equal(line.slice('packet '.length + 48, 'packet '.length + 50), 'fd')
})

test('tun: a name in use, a name of another kind, and no permission are told apart', { skip }, async (t) => {
  const where = await namespace(t, 'tune')
  const first = tunIn(t, where, 'fips0', ADDRESS_A)
  await ready(first)
  assert.match(await failure(tunIn(t, where, 'fips0', ADDRESS_A)), /^error name-taken .*in use.*tun\.name/)
  await where.run('ip', ['tuntap', 'add', 'dev', 'fips1', 'mode', 'tap'])
  assert.match(
    await failure(tunIn(t, where, 'fips1', ADDRESS_A)),
    /^error name-taken .*no TUN.*ip link delete fips1/,
  )
  assert.match(
    await failure(tunIn(t, where, 'fips2', ADDRESS_A, 'nobody')),
    /^error no-permission .*CAP_NET_ADMIN/,
  )
})

test('tun: an interface deleted under the node is told', { skip }, async (t) => {
  const where = await namespace(t, 'tund')
  const tun = tunIn(t, where, 'fips0', ADDRESS_A)
  await ready(tun)
  await where.run('ip', ['link', 'delete', 'fips0'])
  assert.match(await tun.line('tells', (line) => line.startsWith('gone')), /fips0 is gone/)
  tun.child.stdin?.end()
  await tun.line('closes', (line) => line === 'closed')
})

test('tun: a name that cannot be one is refused before anything is touched', async () => {
  for (const name of ['', 'a name', 'sixteen-letters-', 'a/b'])
    await assert.rejects(openTun({ name, address: new Uint8Array(16) }), (error) => {
      assert.ok(error instanceof TunError)
      return error.code === 'bad-name'
    })
})
