import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test, type TestContext } from 'node:test'
import { PipeError, type BytePipe } from '../../../firmware-proto/index.ts'
import { openPty, openSerialPipe, openTcpPipe } from '../../../gateway/pipes/index.ts'
import { eventually } from '../../support/process.ts'

interface Listening {
  readonly bytes: () => Buffer
  readonly closed: () => string | undefined
}

function listen(pipe: BytePipe): Listening {
  const chunks: Buffer[] = []
  let closed: string | undefined
  pipe.start({
    data: (bytes) => chunks.push(Buffer.from(bytes)),
    drained: () => {},
    closed: (reason) => {
      closed = reason
    },
  })
  return { bytes: () => Buffer.concat(chunks), closed: () => closed }
}

function when(what: string, condition: () => boolean): Promise<true> {
  return eventually(what, () => (condition() ? true : undefined))
}

/** Writes without overrunning the queue. */
async function pour(pipe: BytePipe, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += 1000) {
    if (!pipe.write(bytes.subarray(at, at + 1000))) await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function serialOverPty(t: TestContext): Promise<{ serial: BytePipe; master: BytePipe; path: string }> {
  const pty = openPty()
  const serial = await openSerialPipe({ path: pty.path })
  t.after(async () => {
    await serial.close()
    await pty.pipe.close()
  })
  return { serial, master: pty.pipe, path: pty.path }
}

test('a serial port over a pty carries every byte value both ways', async (t) => {
  const { serial, master } = await serialOverPty(t)
  const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7) & 0xff))
  const [atMaster, atSerial] = [listen(master), listen(serial)]
  await Promise.all([pour(serial, bytes), pour(master, bytes)])
  await when('all bytes are there', () => atMaster.bytes().length + atSerial.bytes().length >= 100_000)
  assert.deepEqual(atMaster.bytes(), bytes)
  assert.deepEqual(atSerial.bytes(), bytes)
})

test('bytes that came before start are delivered first', async (t) => {
  const { serial, master } = await serialOverPty(t)
  master.write(Buffer.from('banner'))
  await new Promise((resolve) => setTimeout(resolve, 50))
  const heard = listen(serial)
  await when('the banner', () => heard.bytes().toString() === 'banner')
})

test('a device that goes away is noticed without writing', async (t) => {
  const { serial, master } = await serialOverPty(t)
  const heard = listen(serial)
  await new Promise((resolve) => setImmediate(resolve))
  await master.close()
  await when('closed', () => heard.closed() !== undefined)
  assert.equal(serial.write(Buffer.from([1])), false)
})

test('a device that goes away in mid data is noticed every time', async (t) => {
  for (let round = 0; round < 8; round++) {
    const { serial, master } = await serialOverPty(t)
    const heard = listen(serial)
    await new Promise((resolve) => setImmediate(resolve))
    master.write(Buffer.alloc(2000))
    if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve))
    await master.close()
    await when('closed', () => heard.closed() !== undefined)
    await serial.close()
  }
})

test('absent and busy ports are told apart, in one sentence', async (t) => {
  await assert.rejects(openSerialPipe({ path: '/dev/serial/by-id/absent' }), (error) => {
    assert.ok(error instanceof PipeError)
    assert.equal(error.code, 'not-found')
    assert.equal(error.message, 'There is no serial port /dev/serial/by-id/absent: is the device plugged in?')
    return true
  })
  const { path } = await serialOverPty(t)
  await assert.rejects(openSerialPipe({ path }), { code: 'busy' })
})

test('a released port can be opened again', async (t) => {
  const { serial, path } = await serialOverPty(t)
  await serial.close()
  const again = await openSerialPipe({ path })
  await again.close()
})

test('TCP carries bytes, and its end is noticed', async (t) => {
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      if (bytes.includes(0xff)) socket.end()
      else socket.write(bytes)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.after(() => server.close())
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const pipe = await openTcpPipe('127.0.0.1', address.port)
  const heard = listen(pipe)
  pipe.write(Buffer.from([1, 2, 3]))
  await when('the echo', () => heard.bytes().length === 3)
  pipe.write(Buffer.from([0xff]))
  await when('closed', () => heard.closed() !== undefined)
  await pipe.close()
})

test('a TCP modem that is not there is an error that says so', async () => {
  await assert.rejects(openTcpPipe('127.0.0.1', 1), { code: 'not-found' })
})
