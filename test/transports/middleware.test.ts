import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemoryHub,
  pcapRecord,
  withFaults,
  withPcap,
  withTrace,
  type FaultOptions,
  type TraceEvent,
  type Transport,
} from '../../transports/index.ts'
import { sampleFrame } from '../contract/transport.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

interface Bench {
  readonly a: Transport
  readonly heard: number[]
  readonly frames: Uint8Array[]
  readonly clock: VirtualClock
}

async function bench(faults: Omit<FaultOptions, 'clock' | 'seed'>): Promise<Bench> {
  const clock = new VirtualClock()
  const hub = new MemoryHub({ clock, latencyMs: 1 })
  const a = withFaults(hub.attach('a'), { clock, seed: 42, ...faults })
  const heard: number[] = []
  const frames: Uint8Array[] = []
  await a.open({ frame: () => {}, state: () => {} })
  await hub.attach('b').open({
    frame: (_from, frame) => {
      heard.push(frame[40] ?? -1)
      frames.push(frame.slice())
    },
    state: () => {},
  })
  return { a, heard, frames, clock }
}

function sendMany({ a, clock }: Bench, count: number): void {
  for (let i = 0; i < count; i++) {
    a.send('b', sampleFrame(64, i & 0xff), 'bulk')
    clock.advance(2)
  }
  clock.advance(100)
}

test('faults: loss drops about its share, the same frames for the same seed', async () => {
  const [first, second] = [await bench({ loss: 0.3 }), await bench({ loss: 0.3 })]
  sendMany(first, 1000)
  sendMany(second, 1000)
  assert.ok(first.heard.length > 620 && first.heard.length < 780, String(first.heard.length))
  assert.deepEqual(first.heard, second.heard)
})

test('faults: duplicate, corrupt, reorder and delay do what they say', async () => {
  const twice = await bench({ duplicate: 1 })
  sendMany(twice, 3)
  assert.deepEqual(twice.heard, [0, 0, 1, 1, 2, 2])

  const damaged = await bench({ corrupt: 1 })
  sendMany(damaged, 20)
  for (const [i, frame] of damaged.frames.entries()) {
    const clean = sampleFrame(64, i)
    const flipped = frame.reduce((bits, byte, at) => bits + popcount(byte ^ (clean[at] ?? 0)), 0)
    assert.equal(flipped, 1)
  }

  const shuffled = await bench({ reorder: 0.5 })
  sendMany(shuffled, 20)
  assert.notDeepEqual(
    shuffled.heard,
    shuffled.heard.toSorted((x, y) => x - y),
  )
  assert.equal(new Set(shuffled.heard).size, 20)

  const late = await bench({ delay: 500 })
  assert.equal(late.a.send('b', sampleFrame(64), 'bulk'), 'queued')
  late.clock.advance(499)
  assert.equal(late.heard.length, 0)
  late.clock.advance(5)
  assert.equal(late.heard.length, 1)
})

test('faults: nothing held back leaves after close', async () => {
  const late = await bench({ delay: 10 })
  late.a.send('b', sampleFrame(64), 'bulk')
  await late.a.close()
  late.clock.advance(100)
  assert.equal(late.heard.length, 0)
})

test('trace: every frame and state change is told', async () => {
  const clock = new VirtualClock()
  const hub = new MemoryHub({ clock })
  const events: TraceEvent[] = []
  const inner = hub.attach('a')
  const a = withTrace(inner, (event) => events.push(event), clock)
  const b = hub.attach('b')
  await a.open({ frame: () => {}, state: () => {} })
  await b.open({ frame: (from) => b.send(from, sampleFrame(69)), state: () => {} })
  clock.advance(7)
  a.send('b', sampleFrame(114), 'handshake')
  clock.advance(1)
  inner.setUp(false, 'unplugged')
  assert.deepEqual(events, [
    { type: 'sent', at: 7, to: 'b', bytes: 114, frameClass: 'handshake', result: 'sent' },
    { type: 'received', at: 7, from: 'b', bytes: 69 },
    { type: 'state', at: 8, up: false, reason: 'unplugged' },
  ])
})

test('pcap: the bytes are a capture file of link type USER0', async () => {
  const clock = new VirtualClock()
  const hub = new MemoryHub({ clock })
  const chunks: Uint8Array[] = []
  const a = withPcap(hub.attach('a'), (bytes) => chunks.push(bytes), { now: () => 1_700_000_000_123.5 })
  const b = hub.attach('b')
  await a.open({ frame: () => {}, state: () => {} })
  await b.open({ frame: (from) => b.send(from, sampleFrame(69)), state: () => {} })
  a.send('b', sampleFrame(114), 'handshake')
  clock.advance(1)
  const file = Buffer.concat(chunks)
  assert.equal(file.subarray(0, 24).toString('hex'), 'd4c3b2a1020004000000000000000000ffff000093000000')
  assert.equal(file.readUInt32LE(24), 1_700_000_000)
  assert.equal(file.readUInt32LE(28), 123_500)
  assert.deepEqual([file.readUInt32LE(32), file.readUInt32LE(36)], [114, 114])
  assert.deepEqual(new Uint8Array(file.subarray(40, 154)), sampleFrame(114))
  assert.equal(file.readUInt32LE(154 + 8), 69)
  assert.equal(file.length, 24 + 16 + 114 + 16 + 69)
  assert.equal(pcapRecord(new Uint8Array(70_000), 0).length, 16 + 65_535)
})

function popcount(byte: number): number {
  return byte.toString(2).replaceAll('0', '').length
}
