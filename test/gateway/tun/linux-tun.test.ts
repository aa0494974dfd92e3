import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openTun, TunError } from '../../../gateway/tun/index.ts'
import { Namespace } from '../../support/namespace.ts'
import { must, type Running } from '../../support/process.ts'
import { needs } from '../../support/requires.ts'

const CHILD = join(dirname(fileURLToPath(import.meta.url)), 'tun-child.js')
const PUMP = join(dirname(fileURLToPath(import.meta.url)), 'pump-child.js')
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

/** Listens, and sends BYTES pseudo-random bytes to whoever connects. */
const SERVER = `
const [host, bytes] = [process.argv[1], Number(process.argv[2])]
const chunk = Buffer.alloc(65536)
for (let i = 0, x = 1; i < chunk.length; i++) chunk[i] = (x = Math.imul(x, 1103515245) + 12345) >>> 16
require('node:net').createServer((socket) => {
  let left = bytes
  const more = () => {
    while (left > 0) {
      const part = chunk.subarray(left % 251, left % 251 + Math.min(left, 60000))
      left -= part.length
      if (!socket.write(part)) return socket.once('drain', more)
    }
    socket.end()
  }
  more()
}).listen(5001, host, () => console.log('listening'))
`
const CLIENT = `
const hash = require('node:crypto').createHash('md5')
let bytes = 0
require('node:net').connect(5001, process.argv[1]).on('data', (data) => { bytes += data.length; hash.update(data) })
  .on('end', () => console.log('got', bytes, hash.digest('hex')))
`
const DOWNLOAD_BYTES = 50_000_000

/** The digest of the download, straight over the loopback or through a pump between two TUNs, with what the pump says. */
async function download(t: TestContext, io?: 'portable' | 'batched'): Promise<{ got: string; pump: string }> {
  const [near, far] = [await namespace(t, `tunc${io ?? ''}`), await namespace(t, `tuns${io ?? ''}`)]
  let pump: Running | undefined
  let how = ''
  if (io !== undefined) {
    pump = near.start(process.execPath, [PUMP, 'fips0', ADDRESS_A, 'fips1', ADDRESS_B], { FIPS_RADIO_IO: io })
    t.after(() => pump?.stop())
    how = await ready(pump)
    await must('ip', '-n', near.name, 'link', 'set', 'fips1', 'netns', far.name)
    await must('ip', '-n', far.name, 'addr', 'add', `${ADDRESS_B}/128`, 'dev', 'fips1', 'nodad')
    await must('ip', '-n', far.name, 'link', 'set', 'fips1', 'up')
    await must('ip', '-n', far.name, 'route', 'add', 'fd00::/8', 'dev', 'fips1')
    // The second interface took over the route of the first.
    await must('ip', '-n', near.name, 'route', 'replace', 'fd00::/8', 'dev', 'fips0')
    pump.child.stdin?.write('go\n')
    await pump.line('carries', (line) => line === 'carries')
  }
  const [client, host] = io === undefined ? [far, '::1'] : [near, ADDRESS_B]
  const server = far.start(process.execPath, ['-e', SERVER, host, String(DOWNLOAD_BYTES)])
  t.after(() => server.stop())
  await server.line('listens', (line) => line === 'listening')
  const got = await client.run(process.execPath, ['-e', CLIENT, host])
  pump?.child.stdin?.end()
  const carried = await pump?.line('says what it carried', (line) => line.startsWith('carried'))
  return { got: got.stdout, pump: `${how}: ${carried}` }
}

test('tun: a download through two of them arrives whole, in batches and one by one', { skip }, async (t) => {
  const straight = await download(t)
  assert.match(straight.got, new RegExp(`^got ${DOWNLOAD_BYTES} `))
  for (const io of ['batched', 'portable'] as const) {
    const through = await download(t, io)
    t.diagnostic(through.pump)
    assert.equal(through.got, straight.got)
    assert.match(through.pump, io === 'batched' ? /^ready in batches/ : /^ready one by one/)
  }
})

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
