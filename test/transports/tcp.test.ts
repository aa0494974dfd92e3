import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { systemClock, TcpTransport, TransportError, type TcpOptions } from '../../transports/index.ts'
import { sampleFrame, transportContract, type TransportPair } from '../contract/transport.ts'
import { eventually } from '../support/eventually.ts'
import { harmlessWraps } from './wraps.ts'

const LOOPBACK = '127.0.0.1:0'
const advance = (): Promise<void> => pause(1)

/** What a transport told, in the order it did. */
class Told {
  readonly frames: { readonly from: string; readonly frame: Uint8Array }[] = []
  readonly gone: string[] = []

  readonly sink = {
    frame: (from: string, frame: Uint8Array) => {
      this.frames.push({ from, frame: Uint8Array.from(frame) })
    },
    state: () => {},
    gone: (addr: string, reason: string) => {
      this.gone.push(`${addr} ${reason}`)
    },
  }
}

/** a dials b. a hears from the address it dialled; b answers to the one a came from, which `addressOfA` learns. */
async function makePair(bind: string): Promise<TransportPair> {
  const a = new TcpTransport()
  const b = new TcpTransport({ bindAddr: bind })
  let from = ''
  const open = b.open.bind(b)
  b.open = (sink) =>
    open({
      ...sink,
      frame: (addr, frame) => {
        from = addr
        sink.frame(addr, frame)
      },
      state: () => {},
    })
  return {
    a,
    b,
    addressOfA: () => from,
    addressOfB: () => b.localAddr,
    nowhere: 'example.org:8443',
    advance,
  }
}

for (const { name, wrap } of harmlessWraps(systemClock))
  transportContract(`tcp IPv4 ${name}`, () => makePair(LOOPBACK), wrap)
transportContract('tcp IPv6', () => makePair('[::1]:0'))

async function opened(t: TestContext, options: TcpOptions): Promise<{ tcp: TcpTransport; told: Told }> {
  const told = new Told()
  const tcp = new TcpTransport(options)
  t.after(() => tcp.close())
  await tcp.open(told.sink)
  return { tcp, told }
}

/** A plain socket connected to it. */
async function stranger(t: TestContext, { localAddr }: TcpTransport): Promise<Socket> {
  const socket = connect(Number(localAddr.slice(localAddr.lastIndexOf(':') + 1)), '127.0.0.1')
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

test('tcp: frames are cut wherever the stream is', async (t) => {
  const { tcp, told } = await opened(t, { bindAddr: LOOPBACK })
  const socket = await stranger(t, tcp)
  socket.setNoDelay(true)
  const sizes = [37, 1400, 64]
  const stream = Buffer.concat(sizes.map((size) => sampleFrame(size)))
  for (let at = 0; at < stream.length; at += 97) {
    socket.write(stream.subarray(at, at + 97))
    await advance()
  }
  await eventually('all are heard', () => told.frames.length === sizes.length, advance)
  assert.deepEqual(
    told.frames.map(({ frame }) => frame.length),
    sizes,
  )
})

const OUT_OF_STEP = [
  { name: 'another protocol', bytes: Buffer.from('GET / HTTP/1.1\r\n'), reason: 'unknown-version' },
  { name: 'an unknown phase', bytes: Buffer.from([0x07, 0, 1, 0]), reason: 'unknown-phase' },
  { name: 'a frame longer than the MTU', bytes: sampleFrame(1401), reason: 'too-long' },
  { name: 'a handshake of a wrong length', bytes: Buffer.from([0x01, 0, 9, 0]), reason: 'wrong-length' },
]
for (const { name, bytes, reason } of OUT_OF_STEP) {
  test(`tcp: ${name} closes the connection and is counted`, async (t) => {
    const { tcp, told } = await opened(t, { bindAddr: LOOPBACK })
    const socket = await stranger(t, tcp)
    const closed = once(socket, 'close')
    socket.write(Buffer.concat([sampleFrame(40), bytes]))
    await closed
    assert.equal(told.frames.length, 1)
    assert.deepEqual(tcp.stats.drops, { [`out-of-step-${reason}`]: 1 })
    assert.equal(tcp.stats.connections.inbound, 0)
    assert.match(told.gone.join(), new RegExp(`out-of-step-${reason}$`))
  })
}

test('tcp: more connections than allowed are refused, and room is made when one ends', async (t) => {
  const { tcp } = await opened(t, { bindAddr: LOOPBACK, maxInbound: 2 })
  const [first] = [await stranger(t, tcp), await stranger(t, tcp)]
  const third = await stranger(t, tcp)
  await once(third, 'close')
  assert.deepEqual([tcp.stats.connections.inbound, tcp.stats.connections.rejected], [2, 1])
  first?.destroy()
  await eventually('there is room', () => tcp.stats.connections.inbound === 1, advance)
  await stranger(t, tcp)
  await eventually('it is taken', () => tcp.stats.connections.accepted === 3, advance)
})

test('tcp: whoever says nothing is let go, and whoever speaks is not', async (t) => {
  const { tcp, told } = await opened(t, { bindAddr: LOOPBACK, silenceLimitMs: 50 })
  const silent = await stranger(t, tcp)
  const talker = await stranger(t, tcp)
  while (!silent.closed) {
    talker.write(sampleFrame(40))
    await advance()
  }
  assert.equal(tcp.stats.drops['silent'], 1)
  assert.equal(tcp.stats.connections.inbound, 1)
  assert.equal(told.gone.length, 1)
})

test('tcp: a refused dial is counted, told to nobody, and the next frame dials again', async (t) => {
  const gone = await opened(t, { bindAddr: LOOPBACK })
  const at = gone.tcp.localAddr
  await gone.tcp.close()
  const { tcp, told } = await opened(t, {})
  for (const dials of [1, 2]) {
    assert.equal(tcp.send(at, sampleFrame(64), 'handshake'), 'queued')
    await eventually('it is refused', () => tcp.stats.connections.connectRefused === dials, advance)
  }
  const back = await opened(t, { bindAddr: at })
  assert.equal(tcp.send(at, sampleFrame(64), 'handshake'), 'queued')
  await eventually('it is heard', () => back.told.frames.length === 1, advance)
  assert.deepEqual(told.gone, [])
})

test('tcp: a dial without an answer ends after the connect timeout', async (t) => {
  // Nothing routes there, or nothing answers: both are an end in time.
  const { tcp } = await opened(t, { connectTimeoutMs: 20 })
  assert.equal(tcp.send('192.0.2.1:8443', sampleFrame(64), 'handshake'), 'queued')
  await eventually('it is given up', () => tcp.stats.connections.outbound === 0, advance)
  assert.equal(tcp.stats.sendErrors, 1)
})

test('tcp: the end of a connection is told, and the next frame makes a new one', async (t) => {
  const server = await opened(t, { bindAddr: LOOPBACK })
  const { tcp, told } = await opened(t, {})
  const at = server.tcp.localAddr
  tcp.send(at, sampleFrame(64), 'bulk')
  await eventually('it is heard', () => server.told.frames.length === 1, advance)
  await server.tcp.close()
  await eventually('the end is told', () => told.gone.length === 1, advance)
  const again = await opened(t, { bindAddr: at })
  tcp.send(at, sampleFrame(64), 'bulk')
  await eventually('it is heard again', () => again.told.frames.length === 1, advance)
})

test('tcp: what the other side does not read is bounded, and data leaves room for the rest', async (t) => {
  const sockets: Socket[] = []
  const deaf = createServer((socket) => {
    sockets.push(socket.pause())
  })
  deaf.listen(0, '127.0.0.1')
  await once(deaf, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    deaf.close()
  })
  const address = deaf.address()
  assert.ok(address !== null && typeof address === 'object')
  const at = `127.0.0.1:${address.port}`
  const { tcp } = await opened(t, {})
  const MOST = 100_000
  let sent = 0
  while (sent < MOST && tcp.send(at, sampleFrame(1400), 'bulk') !== 'full') {
    sent++
    if (sent % 64 === 0) await advance()
  }
  assert.ok(sent < MOST)
  assert.equal(tcp.send(at, sampleFrame(200), 'tree'), 'sent')
})

test('tcp: an address in use is one sentence that says what to do', async (t) => {
  const { tcp } = await opened(t, { bindAddr: LOOPBACK })
  await assert.rejects(new TcpTransport({ bindAddr: tcp.localAddr }).open(new Told().sink), (error) => {
    assert.ok(error instanceof TransportError)
    assert.equal(error.code, 'address-in-use')
    assert.match(error.message, /TCP .* in use.*transports\.tcp\.bind_addr/)
    return true
  })
})
