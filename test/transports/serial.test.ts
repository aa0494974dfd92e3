import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRng } from '../../core/index.ts'
import { encodeCell, U16Deframer, u16Encode, type BytePipe } from '../../firmware-proto/index.ts'
import { SerialTransport, TransportError, type SerialOptions } from '../../transports/index.ts'
import { sampleFrame, transportContract, turn, type TransportPair } from '../contract/transport.ts'
import { SerialCable } from '../support/serial-cable.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { harmlessWraps } from './wraps.ts'

const BAUD = 115_200
const NAME = '/dev/ttyTEST'

function transportAt(cable: SerialCable, side: 0 | 1, options: Partial<SerialOptions> = {}): SerialTransport {
  const rng = new SeededRng(side + 7)
  return new SerialTransport({
    name: NAME,
    open: cable.opener(side),
    clock: cable.clock,
    rng,
    baud: cable.baud,
    ...options,
  })
}

const contractClock = new VirtualClock()
async function makePair(): Promise<TransportPair> {
  const cable = new SerialCable(contractClock, BAUD)
  return {
    a: transportAt(cable, 0),
    b: transportAt(cable, 1),
    addressOfA: () => NAME,
    addressOfB: () => NAME,
    nowhere: '/dev/other',
    advance: async () => {
      contractClock.advance(1)
      await turn()
    },
  }
}
for (const { name, wrap } of harmlessWraps(contractClock)) transportContract(`serial ${name}`, makePair, wrap)

interface Bench {
  readonly clock: VirtualClock
  readonly cable: SerialCable
  readonly a: SerialTransport
  readonly b: SerialTransport
  readonly heard: Uint8Array[]
  readonly states: string[]
  run(ms: number): Promise<void>
}

async function bench(baud = BAUD): Promise<Bench> {
  const clock = new VirtualClock()
  const cable = new SerialCable(clock, baud, 3)
  const [a, b] = [transportAt(cable, 0), transportAt(cable, 1)]
  const heard: Uint8Array[] = []
  const states: string[] = []
  await a.open({ frame: () => {}, state: (up, reason) => states.push(`${up ? 'up' : 'down'}: ${reason}`) })
  await b.open({ frame: (_from, frame) => heard.push(Uint8Array.from(frame)), state: () => {} })
  const run = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 5) {
      clock.advance(5)
      await turn()
    }
  }
  return { clock, cable, a, b, heard, states, run }
}

/** A frame whose every byte tells its number. */
function numbered(number: number, length = 1280): Uint8Array {
  const frame = sampleFrame(length)
  for (let i = 4; i < length; i++) frame[i] = (number * 31 + i * 7) & 0xff
  frame[4] = number & 0xff
  return frame
}

/** Offers frames as the line takes them until `bytes` have arrived; gives the milliseconds it took. */
async function transfer(line: Bench, frames: number, limitMs: number): Promise<number> {
  const start = line.clock.now()
  const before = line.heard.length
  let sent = 0
  while (line.heard.length - before < frames) {
    while (sent < frames && line.a.send(NAME, numbered(sent), 'bulk') === 'queued') sent++
    await line.run(20)
    assert.ok(
      line.clock.now() - start < limitMs,
      `only ${line.heard.length - before} of ${frames} frames in time`,
    )
  }
  const expected = Array.from({ length: frames }, (_, i) => Buffer.from(numbered(i)).toString('hex'))
  const got = line.heard.slice(before).map((frame) => Buffer.from(frame).toString('hex'))
  assert.deepEqual(got.toSorted(), expected.toSorted())
  return line.clock.now() - start
}

test('serial: a clean line is used to 95 % of its rate', async () => {
  const line = await bench()
  const ms = await transfer(line, 160, 60_000)
  const share = (160 * 1280) / ((ms * BAUD) / 10 / 1000)
  assert.ok(share > 0.95, `used ${share}`)
})

test('serial: 200 kB cross a line that corrupts one byte in a hundred, all of it right', async () => {
  const line = await bench()
  line.cable.corruption = 0.01
  const ms = await transfer(line, 160, 120_000)
  assert.ok((line.b.stats.drops['crc'] ?? 0) > 100)
  const share = (160 * 1280) / ((ms * BAUD) / 10 / 1000)
  assert.ok(share > 0.3, `used ${share}`)
})

test('serial: cells grow again when the noise ends', async () => {
  const line = await bench()
  line.cable.corruption = 0.01
  await transfer(line, 20, 60_000)
  line.cable.corruption = 0
  await transfer(line, 20, 60_000)
  const ms = await transfer(line, 80, 60_000)
  assert.ok((80 * 1280) / ((ms * BAUD) / 10 / 1000) > 0.9)
})

test('serial: cut in mid frame and joined again, frames flow within 3 s and nothing wrong arrives', async () => {
  const line = await bench()
  for (let i = 0; i < 6; i++) line.a.send(NAME, numbered(i), 'bulk')
  await line.run(150)
  line.cable.cut = true
  await line.run(20_000)
  line.cable.cut = false
  const before = line.heard.length
  line.a.send(NAME, numbered(77), 'interactive')
  await line.run(3_000)
  assert.ok(line.heard.slice(before).some((frame) => frame[4] === 77))
  for (const frame of line.heard) assert.deepEqual(frame, numbered(frame[4] ?? 0))
})

test('serial: an unplugged port is told, refused, tried for ever and used again', async () => {
  const line = await bench()
  line.a.send(NAME, numbered(1), 'bulk')
  await line.run(40)
  line.cable.unplug(0)
  await line.run(10)
  assert.equal(line.a.send(NAME, numbered(2), 'bulk'), 'down')
  await line.run(60_000)
  line.cable.plug(0)
  await line.run(2_500)
  assert.deepEqual(line.states, ['down: unplugged', `up: ${NAME} is back`])
  line.a.send(NAME, numbered(3), 'bulk')
  await line.run(1_000)
  assert.deepEqual(
    line.heard.map((frame) => frame[4]),
    [3],
  )
  await line.a.close()
  await line.run(5_000)
  assert.equal(line.states.length, 2)
})

test('serial: an important frame overtakes bulk and takes its place when the queue is full', async () => {
  const line = await bench(9600)
  let bulk = 0
  while (line.a.send(NAME, numbered(bulk), 'bulk') === 'queued') bulk++
  assert.equal(line.a.send(NAME, numbered(200), 'report'), 'full')
  assert.equal(line.a.send(NAME, numbered(100), 'handshake'), 'queued')
  assert.ok((line.a.stats.drops['displaced'] ?? 0) >= 1)
  await line.run(40_000)
  const order = line.heard.map((frame) => frame[4])
  assert.ok(order.indexOf(100) < order.indexOf(bulk - 2), String(order))
})

test('serial: a port that is not there is one sentence', async () => {
  const cable = new SerialCable(new VirtualClock(), BAUD)
  cable.unplug(0)
  await assert.rejects(transportAt(cable, 0).open({ frame: () => {}, state: () => {} }), (error) => {
    assert.ok(error instanceof TransportError)
    return error.code === 'not-found'
  })
})

/** A peer that frames as the microcontrollers do, straight on the pipe. */
class Microcontroller {
  readonly heard: Uint8Array[] = []
  readonly arrivals: number[] = []
  readonly #pipe: BytePipe

  constructor(pipe: BytePipe, clock: VirtualClock) {
    this.#pipe = pipe
    const deframer = new U16Deframer()
    pipe.start({
      data: (bytes) =>
        deframer.push(
          bytes,
          (frame) => {
            this.heard.push(frame.slice())
            this.arrivals.push(clock.now())
          },
          () => {},
        ),
      drained: () => {},
      closed: () => {},
    })
  }

  say(frame: Uint8Array): void {
    this.#pipe.write(u16Encode(frame))
  }
}

function msg1(): Uint8Array {
  return Uint8Array.from({ length: 114 }, (_, i) => [1, 0, 110, 0][i] ?? i)
}

test('serial: a microcontroller is recognised by its first frame and served frame by frame', async () => {
  const clock = new VirtualClock()
  const cable = new SerialCable(clock, BAUD)
  const a = transportAt(cable, 0)
  const heard: Uint8Array[] = []
  await a.open({ frame: (_from, frame) => heard.push(Uint8Array.from(frame)), state: () => {} })
  const device = new Microcontroller(await cable.opener(1)(), clock)
  // Our own handshake goes out before anybody knows who is there, and confuses it.
  a.send(NAME, msg1(), 'handshake')
  clock.advance(500)
  device.say(msg1())
  clock.advance(30)
  assert.deepEqual(heard, [msg1()])
  assert.equal(a.framing, 'u16')
  for (let i = 0; i < 50; i++) a.send(NAME, numbered(i, 69), 'bulk')
  clock.advance(2_000)
  assert.deepEqual(
    device.heard.slice(-50),
    Array.from({ length: 50 }, (_, i) => numbered(i, 69)),
  )
  const gaps = device.arrivals.slice(1).map((at, i) => at - (device.arrivals[i] ?? 0))
  assert.ok(Math.min(...gaps) >= 10, `gap ${Math.min(...gaps)} ms`)
})

test('serial: a frame that breaks off does not swallow the next after a silence', async () => {
  const clock = new VirtualClock()
  const cable = new SerialCable(clock, BAUD)
  const a = transportAt(cable, 0)
  const heard: Uint8Array[] = []
  await a.open({ frame: (_from, frame) => heard.push(Uint8Array.from(frame)), state: () => {} })
  const pipe = await cable.opener(1)()
  pipe.write(u16Encode(msg1()))
  pipe.write(u16Encode(numbered(1, 200)).subarray(0, 60))
  clock.advance(1_000)
  pipe.write(u16Encode(numbered(2, 64)))
  clock.advance(100)
  assert.deepEqual(heard, [msg1(), numbered(2, 64)])
})

test('serial: the other side may change its kind without the port noticing', async () => {
  const clock = new VirtualClock()
  const cable = new SerialCable(clock, BAUD)
  const a = transportAt(cable, 0)
  const b = transportAt(cable, 1)
  const heard: Uint8Array[] = []
  await a.open({ frame: (_from, frame) => heard.push(Uint8Array.from(frame)), state: () => {} })
  await b.open({ frame: () => {}, state: () => {} })
  b.send(NAME, numbered(1, 64), 'bulk')
  clock.advance(500)
  assert.equal(a.framing, 'cobs')
  await b.close()
  const pipe = await cable.opener(1)()
  pipe.write(u16Encode(msg1()))
  clock.advance(100)
  assert.equal(a.framing, 'u16')
  await pipe.close()
  const again = transportAt(cable, 1)
  await again.open({ frame: () => {}, state: () => {} })
  again.send(NAME, numbered(2, 64), 'bulk')
  clock.advance(500)
  assert.equal(a.framing, 'cobs')
  assert.deepEqual(heard, [numbered(1, 64), msg1(), numbered(2, 64)])
})

test('serial: a forced framing is kept to', async () => {
  const clock = new VirtualClock()
  const cable = new SerialCable(clock, BAUD)
  const a = transportAt(cable, 0, { framing: 'cobs' })
  let heard = 0
  await a.open({ frame: () => heard++, state: () => {} })
  const device = new Microcontroller(await cable.opener(1)(), clock)
  device.say(msg1())
  clock.advance(500)
  assert.equal(heard, 0)
})

test('serial: what slips past the check of every cell is stopped by the check of the frame', async () => {
  const clock = new VirtualClock()
  const cable = new SerialCable(clock, BAUD)
  const a = transportAt(cable, 0)
  let heard = 0
  await a.open({ frame: () => heard++, state: () => {} })
  const pipe = await cable.opener(1)()
  // Cells that are right in themselves, of a frame whose CRC-32 is wrong.
  const common = { type: 'data', id: 3, round: 1, last: false, ask: false } as const
  pipe.write(encodeCell({ ...common, firstUnit: 0, payload: new Uint8Array(64).fill(1) }))
  pipe.write(
    encodeCell({ ...common, firstUnit: 2, payload: new Uint8Array(20).fill(2), last: true, ask: true }),
  )
  clock.advance(200)
  assert.equal(heard, 0)
  assert.deepEqual(a.stats.drops, { 'frame-crc': 1 })
})
