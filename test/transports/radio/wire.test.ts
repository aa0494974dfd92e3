import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { hex } from '../../../core/index.ts'
import {
  chooseBits,
  decodePacket,
  encodePacket,
  joinEstablished,
  joinNamed,
  lowBits,
  rebuildCounter,
  takeApart,
  type RadioPacket,
} from '../../../transports/radio/index.ts'
import { established, msg1, msg2 } from './island.ts'

const RUNS = { numRuns: 2_000, seed: 7 }
const body = fc.uint8Array({ maxLength: 254 })
const fragment = fc.option(fc.record({ index: fc.nat(63), last: fc.boolean() }), { nil: undefined })
const u16 = fc.nat(0xffff)
const station = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(hex)

const data = fc
  .record({
    index: u16,
    tag: fc.nat(255),
    ackRequested: fc.boolean(),
    fragment,
    flags: fc.nat(7),
    bits: fc.constantFrom(8 as const, 16 as const, 32 as const),
    rest: fc.nat(0xffffff),
    body,
  })
  .map(({ flags, bits, rest, ...packet }): RadioPacket => {
    const low =
      bits === 8 ? packet.tag : bits === 16 ? packet.tag + (rest & 0xff) * 0x100 : packet.tag + rest * 0x100
    const first = packet.fragment === undefined || packet.fragment.index === 0
    return { type: 'data', ...packet, head: first ? { flags, bits, low } : undefined }
  })
const named = fc.record({
  type: fc.constant('named' as const),
  form: fc.constantFrom('raw' as const, 'msg1' as const, 'msg2' as const),
  source: station,
  target: u16,
  tag: u16,
  ackRequested: fc.boolean(),
  fragment,
  body,
})
const ack = fc.record({
  type: fc.constant('ack' as const),
  channel: fc.oneof(
    fc.record({ type: fc.constant('index' as const), index: u16, tag: fc.nat(255) }),
    fc.record({ type: fc.constant('name' as const), acker: u16, sender: u16, tag: u16 }),
  ),
  complete: fc.nat(255),
  check: fc.nat(255),
  partial: fc.array(fc.record({ back: fc.nat(255), bitmap: fc.uint8Array({ maxLength: 8 }) }), {
    maxLength: 8,
  }),
})

test('every radio frame decodes to what was encoded', () => {
  fc.assert(
    fc.property(fc.oneof(data, named, ack), (packet: RadioPacket) => {
      // Through a copy: generated records have no prototype.
      assert.deepEqual(decodePacket(encodePacket(packet)), { ok: true, value: structuredClone(packet) })
    }),
    RUNS,
  )
})

test('anything from the air decodes to a packet or a reason', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 255 }), (bytes) => {
      const decoded = decodePacket(bytes)
      assert.equal(typeof decoded.ok, 'boolean')
    }),
    { numRuns: 20_000, seed: 11 },
  )
})

test('the layouts are those of the protocol note', () => {
  const head = { flags: 0b101, bits: 16 as const, low: 0x1234 }
  const single = { type: 'data', index: 0xdef0, tag: 0x34, ackRequested: true, fragment: undefined } as const
  assert.equal(hex(encodePacket({ ...single, head, body: new Uint8Array([9]) })), 'd5f0de341209')
  assert.equal(
    hex(encodePacket({ type: 'poll', channel: { type: 'index', index: 0xdef0, tag: 7 } })),
    '20f0de07',
  )
  const acked = { type: 'index', index: 0xdef0, tag: 7 } as const
  const partial = [{ back: 1, bitmap: new Uint8Array([0b101]) }]
  assert.equal(
    hex(encodePacket({ type: 'ack', channel: acked, complete: 1, check: 0x5a, partial })),
    '10f0de07015a010805',
  )
})

test('a counter is rebuilt from its low bits for every estimate the sender reckons with', () => {
  const counter = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
  fc.assert(
    fc.property(
      counter,
      fc.nat(70_000),
      fc.nat(200),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (c, below, ahead, at) => {
        const floor = c > BigInt(below) ? c - BigInt(below) : 0n
        const ceiling = c + BigInt(ahead)
        const bits = chooseBits(c, floor, ceiling)
        if (bits === undefined) return
        const estimate = floor + BigInt(Math.floor(at * Number(ceiling - floor)))
        assert.equal(rebuildCounter(estimate, lowBits(c, bits), bits), c)
      },
    ),
    RUNS,
  )
  assert.equal(chooseBits(5n, 4n, 4n), 8)
  assert.equal(chooseBits(5_000n, 4n, 4_999n), 16)
  assert.equal(chooseBits(500_000n, 4n, 499_999n), 32)
  assert.equal(chooseBits(1n << 40n, 4n, 1n << 40n), undefined)
})

test('headers are rebuilt bit for bit, and what is not derivable travels raw', () => {
  const index = fc.nat(0xffffffff)
  fc.assert(
    fc.property(
      index,
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      fc.nat(7),
      fc.integer({ min: 32, max: 300 }),
      (i, c, f, n) => {
        const frame = established(i, c, n, f)
        const form = takeApart(frame)
        assert.ok(form.type === 'established')
        assert.deepEqual(joinEstablished(form.flags, form.receiverIndex, form.counter, form.body), frame)
      },
    ),
    RUNS,
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (frame) => {
      const form = takeApart(frame)
      const again =
        form.type === 'established'
          ? joinEstablished(form.flags, form.receiverIndex, form.counter, form.body)
          : joinNamed(form.type, form.body)
      assert.deepEqual(again, frame)
    }),
    RUNS,
  )
  for (const frame of [msg1(5), msg2(6, 5)]) {
    const form = takeApart(frame)
    assert.ok(form.type === 'msg1' || form.type === 'msg2')
    assert.deepEqual(joinNamed(form.type, form.body), frame)
  }
  const reserved = established(1, 2n, 40)
  reserved[1] = 0x08
  assert.equal(takeApart(reserved).type, 'raw')
})
