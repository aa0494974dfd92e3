import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { hex, type FrameClass } from '../../../core/index.ts'
import { SeededRng } from '../../../boards/index.ts'
import {
  encodePacket,
  MAX_QUEUED_PER_NEIGHBOUR,
  SubBandBudget,
  type RadioPacket,
} from '../../../transports/radio/index.ts'
import { established, msg1, msg2 } from './island.ts'
import { PureAir, type PureStation } from './pure-air.ts'

const A = 'aaaaaaaa'
const B = 'bbbbbbbb'
const INDEX_A = 0x0a0a_1111
const INDEX_B = 0x0b0b_2222

function pair(seed: number): { air: PureAir; a: PureStation; b: PureStation } {
  const air = new PureAir(seed)
  const a = air.add(A)
  const b = air.add(B)
  air.send(a, b, msg1(INDEX_A), 'handshake')
  air.run(5_000)
  air.send(b, a, msg2(INDEX_B, INDEX_A), 'handshake')
  air.run(5_000)
  for (const station of [a, b])
    for (const list of [station.frames, station.delivered, station.sent]) list.length = 0
  return { air, a, b }
}

/** Receives `packet` as if a stranger with a transmitter had sent it. */
function forge(air: PureAir, at: PureStation, packet: RadioPacket): void {
  air.step(at, { type: 'receive', payload: encodePacket(packet), rssiDbm: -50, snrDb: 9 })
}

const frameClass = fc.constantFrom<FrameClass>('handshake', 'tree', 'interactive', 'filter', 'bulk')

test('every frame arrives once, bit for bit, or is reported lost', () => {
  const step = fc.record({
    forth: fc.boolean(),
    frameClass,
    length: fc.integer({ min: 37, max: 1500 }),
    raw: fc.nat(9),
    skip: fc.nat(40),
    pause: fc.nat(3_000),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), fc.nat(45), fc.nat(1_000), (steps, lossPercent, seed) => {
      const { air, a, b } = pair(seed)
      air.loss = lossPercent / 100
      const counters = [0n, 0n]
      const sent: { from: PureStation; to: PureStation; frame: Uint8Array; superseding: boolean }[] = []
      for (const { forth, frameClass: cls, length, raw, skip, pause } of steps) {
        const [from, to] = forth ? [a, b] : [b, a]
        const way = forth ? 0 : 1
        const counter = (counters[way] ?? 0n) + BigInt(skip === 40 ? 100_000 : skip)
        counters[way] = counter + 1n
        const frame =
          raw === 0
            ? new SeededRng(length * 7 + sent.length).bytes(length)
            : established(forth ? INDEX_B : INDEX_A, counter, length, length & 7)
        if (air.send(from, to, frame, cls) !== 'queued') continue
        sent.push({ from, to, frame, superseding: cls === 'tree' || cls === 'filter' })
        air.run(pause)
      }
      air.run(600_000)
      for (const { from, to, frame, superseding } of sent) {
        const key = hex(frame)
        const arrivals = to.frames.filter((got) => hex(got.frame) === key)
        const reported = from.lost.some((loss) => hex(loss.frame) === key)
        assert.ok(arrivals.length <= 1, 'duplicated')
        if (arrivals.length === 0) assert.ok(reported || superseding, 'neither arrived nor reported lost')
      }
      const known = new Set(sent.map(({ frame }) => hex(frame)))
      for (const station of [a, b])
        for (const { frame } of station.frames) assert.ok(known.has(hex(frame)), 'corrupted')
    }),
    { numRuns: 150, seed: 3 },
  )
})

test('a fragment that came before its counter was known is sent again with the rest', () => {
  const { air, a, b } = pair(9)
  const leap = established(INDEX_B, 100_001n, 264)
  const { frames } = a.link.air
  air.loss = 1
  air.send(a, b, leap, 'bulk')
  while (a.link.air.frames === frames) air.run(10)
  air.loss = 0
  air.run(60_000)
  assert.deepEqual(
    b.frames.map(({ frame }) => frame),
    [leap],
  )
})

test('a 142-byte frame is 130 bytes of payload, its acknowledgement 6', () => {
  const { air, a, b } = pair(1)
  air.send(a, b, established(INDEX_B, 3n, 142), 'interactive')
  air.run(5_000)
  assert.deepEqual(
    a.sent.map((bytes) => bytes.length),
    [130],
  )
  assert.deepEqual(
    b.sent.map((bytes) => bytes.length),
    [6],
  )
})

test('a report in one piece is sent once and not confirmed', () => {
  const { air, a, b } = pair(2)
  air.send(a, b, established(INDEX_B, 3n, 100), 'report')
  air.run(20_000)
  assert.equal(a.sent.length, 1)
  assert.equal(b.sent.length, 0)
  assert.equal(b.frames.length, 1)
})

test('an interactive frame overtakes bulk between two fragments', () => {
  const { air, a, b } = pair(3)
  for (let i = 0; i < 10; i++) air.send(a, b, established(INDEX_B, BigInt(i), 1200), 'bulk')
  air.run(3_000)
  const urgent = established(INDEX_B, 10n, 100)
  air.send(a, b, urgent, 'interactive')
  air.run(4_000)
  assert.ok(b.frames.some(({ frame }) => hex(frame) === hex(urgent)))
  air.run(120_000)
  assert.equal(b.frames.length, 11)
})

test('the newer announce takes the place of the older one in the queue', () => {
  const { air, a, b } = pair(4)
  for (let i = 0; i < 5; i++) air.send(a, b, established(INDEX_B, BigInt(i), 1071), 'filter')
  air.run(60_000)
  assert.ok(b.frames.length <= 2)
  assert.deepEqual(b.frames.at(-1)?.frame, established(INDEX_B, 4n, 1071))
})

test('the queue is bounded, and what is urgent displaces what is not', () => {
  const { air, a, b } = pair(5)
  const verdicts = Array.from({ length: 50 }, (_, i) =>
    air.send(a, b, established(INDEX_B, BigInt(i), 1200), 'bulk'),
  )
  assert.equal(verdicts.filter((verdict) => verdict === 'queued').length, MAX_QUEUED_PER_NEIGHBOUR)
  assert.equal(verdicts.at(-1), 'full')
  assert.equal(air.send(a, b, established(INDEX_B, 60n, 100), 'interactive'), 'queued')
  air.run(1)
  assert.equal(a.lost[0]?.reason, 'displaced')
})

test('towards a silent station few frames are spent, and the loss is reported', () => {
  const air = new PureAir(6)
  const a = air.add(A)
  const frame = msg1(INDEX_A)
  air.step(a, { type: 'send', to: B, frame, frameClass: 'handshake' })
  air.run(600_000)
  assert.deepEqual(
    a.lost.map((loss) => loss.reason),
    ['no-ack'],
  )
  assert.ok(a.sent.length <= 8)
})

test('a stranger gets no answer and leaves no state', () => {
  const air = new PureAir(7)
  const a = air.add(A)
  const b = air.add(B, { isKnown: () => false })
  air.send(a, b, msg1(INDEX_A), 'handshake')
  air.run(60_000)
  assert.equal(b.sent.length, 0)
  assert.equal(b.frames.length, 0)
  assert.equal(b.link.neighbours().length, 0)
})

test('forged frames that lead the counter astray are found out, and the frame arrives after all', () => {
  const { air, a, b } = pair(8)
  air.send(a, b, established(INDEX_B, 10n, 100), 'interactive')
  air.run(5_000)
  for (const low of [0x7000, 0xe000]) {
    const head = { flags: 0, bits: 16 as const, low }
    const packet = {
      index: INDEX_B & 0xffff,
      tag: low & 0xff,
      ackRequested: false,
      fragment: undefined,
    } as const
    forge(air, b, { type: 'data', ...packet, head, body: new Uint8Array(40) })
  }
  b.frames.length = 0
  const next = established(INDEX_B, 11n, 400)
  air.send(a, b, next, 'interactive')
  air.run(20_000)
  assert.ok(b.frames.some(({ frame }) => hex(frame) === hex(next)))
})

test('a stranger cannot spend our airtime by asking for acknowledgements', () => {
  const { air, b } = pair(9)
  for (let i = 0; i < 200; i++) {
    forge(air, b, { type: 'poll', channel: { type: 'index', index: INDEX_B & 0xffff, tag: i & 0xff } })
    air.run(500)
  }
  assert.ok(b.sent.length <= 8)
})

test('noise and hostile frames never throw and leave the link usable', () => {
  const { air, a, b } = pair(10)
  const rng = new SeededRng(99)
  for (let i = 0; i < 5_000; i++) {
    const payload = rng.bytes(1 + (rng.bytes(1)[0] ?? 0))
    // Half of it is addressed to us, so that it gets beyond the first look.
    if (i % 2 === 0)
      payload.set([0x80 | (payload[0] ?? 0), INDEX_B & 0xff, (INDEX_B >> 8) & 0xff].slice(0, payload.length))
    air.step(b, { type: 'receive', payload, rssiDbm: -50, snrDb: 9 })
    if (i % 50 === 0) air.run(2_000)
  }
  air.run(200_000)
  b.frames.length = 0
  const frame = established(INDEX_B, 7n, 1357)
  air.send(a, b, frame, 'bulk')
  air.run(120_000)
  assert.ok(b.frames.some((got) => hex(got.frame) === hex(frame)))
  assert.ok(b.link.neighbours().length <= 64)
})

test('the budget stops everything until the hour has moved on', () => {
  const air = new PureAir(12)
  const a = air.add(A, { budget: new SubBandBudget(0.001) })
  const b = air.add(B)
  for (let i = 0; i < 40; i++) {
    air.send(a, b, msg1(INDEX_A + i), 'handshake')
    air.run(60_000)
  }
  assert.ok(a.link.air.ms <= 3_600)
  assert.ok(a.link.air.ms > 3_000)
})

test('beacons introduce, are answered once, and carry the network', () => {
  const air = new PureAir(13)
  const a = air.add(A, { beacon: true })
  air.run(20_000)
  const b = air.add(B, { beacon: true })
  const c = air.add('cccccccc', { beacon: true, networkId: 9 })
  air.run(60_000)
  assert.equal(a.link.neighbours()[0]?.station, B)
  assert.equal(b.link.neighbours()[0]?.station, A)
  assert.equal(c.link.neighbours().length, 0)
  assert.ok(a.sent.length <= 3)
})
