/** The line protocol: the reference's error replies to the letter, and clients that misbehave. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SimClock } from '../../../boards/index.ts'
import {
  askDaemon,
  ControlError,
  openControlServer,
  type ControlServer,
} from '../../../gateway/control/index.ts'
import { OperatorError } from '../../../gateway/errors.ts'
import { silentLogger } from '../../../gateway/logger/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'fips-control-'))
const path = join(directory, 'run', 'control.sock')
const clock = new SimClock()
let server: ControlServer

const options = {
  path,
  clock,
  logger: silentLogger,
  dispatch: {
    async answer(command: string, params: unknown) {
      if (command === 'never') return new Promise<never>(() => undefined)
      if (command === 'broken') throw new Error('a fault with nsec1secret')
      if (command !== 'echo') throw new ControlError(`unknown command: ${command}`)
      return { params: JSON.stringify(params ?? null) }
    },
    patience: () => 5000,
  },
}

before(async () => {
  server = await openControlServer(options)
})
after(async () => {
  await server.close()
  rmSync(directory, { recursive: true })
})

async function open(): Promise<Socket> {
  const socket = createConnection(path)
  await once(socket, 'connect')
  return socket
}

async function read(socket: Socket): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  assert.equal(text.indexOf('\n'), text.length - 1, 'one line')
  return JSON.parse(text)
}

async function exchange(request: string | Uint8Array): Promise<unknown> {
  const socket = await open()
  socket.write(request)
  return read(socket)
}

const error = (message: string): unknown => ({ status: 'error', message })

const ERRORS: readonly (readonly [name: string, request: string | Uint8Array, message: string])[] = [
  ['an unknown command', '{"command":"nope"}\n', 'unknown command: nope'],
  ['no JSON', 'hello\n', 'invalid request: expected value at line 1 column 1'],
  ['no command', '{}\n', 'invalid request: missing field `command` at line 1 column 2'],
  [
    'bytes that are no text',
    Uint8Array.of(0xff, 0xfe, 0x0a),
    'read error: stream did not contain valid UTF-8',
  ],
  ['a request of 4097 bytes', `${'a'.repeat(4096)}\n`, 'read error: request too large'],
  ['a request without end', 'a'.repeat(20_000), 'read error: request too large'],
]

for (const [name, request, message] of ERRORS) {
  test(`${name} is answered as the reference does`, async () => {
    assert.deepEqual(await exchange(request), error(message))
  })
}

test('a request of 4096 bytes is served', async () => {
  const head = '{"command":"echo"'
  const line = `${head}${' '.repeat(4096 - head.length - 2)}}\n`
  assert.equal(line.length, 4096)
  assert.deepEqual(await exchange(line), { status: 'ok', data: { params: 'null' } })
})

test('a request may come byte by byte, and without a newline when the client has finished writing', async () => {
  const slow = await open()
  for (const letter of '{"command":"echo","params":{"a":1}}\n') slow.write(letter)
  assert.deepEqual(await read(slow), { status: 'ok', data: { params: '{"a":1}' } })

  const socket = await open()
  socket.end('{"command":"echo"}')
  assert.deepEqual(await read(socket), { status: 'ok', data: { params: 'null' } })

  const silent = await open()
  silent.end()
  assert.deepEqual(await read(silent), error('empty request'))
})

test('half a line is answered after five seconds, and so is a query that never ends', async () => {
  const half = await open()
  half.write('{"command":"show_status"')
  const asked = await open()
  asked.write('{"command":"never"}\n')
  // Both requests have been read once a later connection was served.
  await exchange('{"command":"echo"}\n')
  await clock.advance(5000)
  assert.deepEqual(await read(half), error('read timeout'))
  assert.deepEqual(await read(asked), error('query timeout'))
})

test('a fault of ours is one sentence without its details', async () => {
  assert.deepEqual(
    await exchange('{"command":"broken"}\n'),
    error('internal error; see the log of the daemon'),
  )
})

test('a client that hangs up at once harms nobody', async () => {
  for (let i = 0; i < 20; i++) {
    const socket = await open()
    socket.write('{"command":"echo"}\n')
    socket.destroy()
  }
  assert.deepEqual(await exchange('{"command":"echo"}\n'), { status: 'ok', data: { params: 'null' } })
})

test('the socket is closed to other users', () => {
  assert.equal(statSync(path).mode & 0o007, 0)
})

test('a live socket is kept, a dead one is replaced, another file is left alone', async () => {
  await assert.rejects(openControlServer(options), /Another daemon answers on the control socket/)

  const stale = join(directory, 'stale.sock')
  const dead = createServer().listen(stale)
  await once(dead, 'listening')
  // A daemon that was killed leaves its socket file: keep the file across the close.
  const { renameSync } = await import('node:fs')
  renameSync(stale, `${stale}.kept`)
  dead.close()
  await once(dead, 'close')
  renameSync(`${stale}.kept`, stale)
  const revived = await openControlServer({ ...options, path: stale })
  await revived.close()

  const file = join(directory, 'file')
  writeFileSync(file, 'precious')
  await assert.rejects(openControlServer({ ...options, path: file }), /a file of that name is there/)
})

test('a client without a daemon is told how to start one', async () => {
  await assert.rejects(
    askDaemon(join(directory, 'none.sock'), 'show_status'),
    (failure) =>
      failure instanceof OperatorError &&
      failure.kind === 'no-daemon' &&
      failure.message.includes('fips-radio run'),
  )
  await assert.rejects(
    askDaemon(path, 'nope'),
    (failure) =>
      failure instanceof OperatorError && failure.message === 'The daemon answered: unknown command: nope.',
  )
})
