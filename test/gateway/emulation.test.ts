/** Emulated modems reached as real ones would be: pseudo-terminals and TCP, in real time. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { PacedClock, RnodeBoard, SeededRng, type BoardState, type RadioParams } from '../../boards/index.ts'
import type { BytePipe, PipeOpener } from '../../firmware-proto/index.ts'
import { systemClock } from '../../gateway/clock.ts'
import { RadioIsland, type IslandOptions, type ModemPlace } from '../../gateway/emulation/index.ts'
import { openSerialPipe, openTcpPipe } from '../../gateway/pipes/index.ts'
import { eventually, ROOT, start } from '../support/process.ts'

const SPEED = 10
const PARAMS: RadioParams = {
  frequencyHz: 868_100_000,
  bandwidthHz: 250_000,
  spreadingFactor: 7,
  codingRate: 5,
  txPowerDbm: 14,
}

interface Station {
  readonly board: RnodeBoard
  readonly heard: Buffer[]
  readonly states: BoardState[]
}

async function island(
  t: TestContext,
  options: Partial<IslandOptions>,
): Promise<{ island: RadioIsland; places: ModemPlace[] }> {
  const made = new RadioIsland({ nodes: 2, speed: SPEED, seed: 1, loss: 0, topology: 'mesh', ...options })
  const places = await made.open()
  t.after(() => made.close())
  return { island: made, places }
}

async function station(t: TestContext, open: PipeOpener, overTcp = false): Promise<Station> {
  // The driver lives in the island's time, or its waits would be ten times too long.
  const clock = new PacedClock(systemClock, SPEED)
  const board = new RnodeBoard({ open, clock, rng: new SeededRng(4), overTcp })
  const heard: Buffer[] = []
  const states: BoardState[] = []
  board.onReceive((frame) => heard.push(Buffer.from(frame.payload)))
  board.onState((state) => states.push(state))
  t.after(() => board.close())
  await board.configure(PARAMS)
  return { board, heard, states }
}

function serial(path: string): PipeOpener {
  return () => openSerialPipe({ path })
}

function tcp(place: ModemPlace | undefined): () => Promise<BytePipe> {
  return () => openTcpPipe('127.0.0.1', Number(place?.port.split(':')[1]))
}

function when(what: string, condition: () => boolean): Promise<true> {
  return eventually(what, () => (condition() ? true : undefined))
}

test('two drivers talk through serial ports, also after one was unplugged and came back as another device', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'fips-island-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const { island: here, places } = await island(t, { dir })
  const [a, b] = await Promise.all([station(t, serial(join(dir, 'n0'))), station(t, serial(join(dir, 'n1')))])
  const payload = Buffer.from(Array.from({ length: 254 }, (_, i) => i))
  assert.ok((await a.board.transmit(payload)).ok)
  await when('the frame', () => b.heard.length === 1)
  assert.deepEqual(b.heard[0], payload)

  const incoming = b.board.transmit(payload)
  await here.execute({ cmd: 'unplug', node: 'n0' })
  await when('lost', () => a.states.at(-1)?.type === 'lost')
  const again = await here.execute({ cmd: 'plug', node: 'n0' })
  assert.equal(again?.port, places[0]?.port)
  await when('ready again', () => a.states.at(-1)?.type === 'ready')
  await incoming
  assert.ok((await a.board.transmit(Buffer.from('back'))).ok)
  await when('the frame after', () => b.heard.at(-1)?.toString() === 'back')
})

test('two drivers talk through TCP; a second client is turned away', async (t) => {
  const { places } = await island(t, { tcp: 0 })
  const [a, b] = await Promise.all([station(t, tcp(places[0]), true), station(t, tcp(places[1]), true)])
  assert.ok((await a.board.transmit(Buffer.from('over TCP'))).ok)
  await when('the frame', () => b.heard.at(-1)?.toString() === 'over TCP')
  const second = await tcp(places[0])()
  let refused = false
  second.start({ data: () => {}, drained: () => {}, closed: () => (refused = true) })
  await when('the second client is hung up on', () => refused)
  await second.close()
})

test('on a line each modem hears only its neighbours', async (t) => {
  const { places } = await island(t, { nodes: 3, topology: 'line' })
  const stations = await Promise.all(places.map((place) => station(t, serial(place.port))))
  const [first, middle, last] = stations
  assert.ok(first && middle && last)
  assert.ok((await first.board.transmit(Buffer.from('one'))).ok)
  assert.ok((await middle.board.transmit(Buffer.from('two'))).ok)
  await when('the second frame', () => last.heard.length > 0 && first.heard.length > 0)
  assert.deepEqual(last.heard.map(String), ['two'])
  assert.deepEqual(middle.heard.map(String), ['one'])
})

test('the program says where its modems are, obeys, and ends with its starter', async () => {
  const emulate = join(ROOT, 'dist', 'gateway', 'bin', 'emulate.js')
  const program = start(process.execPath, [emulate, '--nodes', '2', '--tcp', '0', '--link', '0-1'])
  const modem = await program.line('a modem', (line) => line.includes('"name":"n1"'))
  assert.match(modem, /"port":"127\.0\.0\.1:\d+"/)
  await program.line('ready', (line) => line === '{"type":"ready"}')
  program.child.stdin?.write('{"cmd":"stats"}\n{"cmd":"unplug","node":"n9"}\n{"cmd":"dance"}\nnoise\n')
  await program.line('statistics', (line) => line.startsWith('{"type":"stats","frames":0'))
  await program.line('a refusal', (line) => line.includes('There is no modem \\"n9\\".'))
  await program.line('another', (line) => line.includes('Not a command'))
  program.child.stdin?.end()
  await program.line('the end', (line) => line.startsWith('{"type":"end"'))
  assert.equal(await program.stop(), 0)
})
