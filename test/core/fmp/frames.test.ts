import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  ESTABLISHED_MIN_SIZE,
  LINK_OVERHEAD,
  StreamFramer,
  concatBytes,
  decodeFrame,
  encodeMsg1,
  encodeMsg2,
  nobleCrypto,
  openFrame,
  sealFrame,
  type FrameFlags,
} from '../../../core/index.ts'

const cipher = nobleCrypto.cipher(new Uint8Array(32).fill(9))
const NO_FLAGS: FrameFlags = { keyEpoch: false, ce: false, spin: false }

const outgoing = fc.record({
  receiverIndex: fc.nat(0xffffffff),
  counter: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  flags: fc.record(
    { keyEpoch: fc.boolean(), ce: fc.boolean(), spin: fc.boolean() },
    { noNullPrototype: true },
  ),
  timestamp: fc.nat(0xffffffff),
  message: fc.uint8Array({ minLength: 1, maxLength: 300 }),
})

test('a sealed frame opens to what was sealed, and every header bit is authenticated', () => {
  fc.assert(
    fc.property(outgoing, fc.nat(), (frame, bit) => {
      const bytes = sealFrame(cipher, frame)
      assert.equal(bytes.length, frame.message.length + LINK_OVERHEAD)
      const decoded = decodeFrame(bytes)
      assert.ok(decoded.ok && decoded.value.type === 'established')
      assert.deepEqual(decoded.value.flags, frame.flags)
      assert.equal(decoded.value.receiverIndex, frame.receiverIndex)
      assert.equal(decoded.value.counter, frame.counter)
      assert.deepEqual(openFrame(cipher, decoded.value), {
        timestamp: frame.timestamp,
        message: frame.message,
      })
      bytes[(bit >> 3) % bytes.length]! ^= 1 << (bit & 7)
      const forged = decodeFrame(bytes)
      if (forged.ok && forged.value.type === 'established') {
        assert.equal(openFrame(cipher, forged.value), undefined)
      }
    }),
    { seed: 4, numRuns: 300 },
  )
})

test('an authentic frame without a message type opens to nothing', () => {
  const bytes = sealFrame(cipher, {
    receiverIndex: 1,
    counter: 0n,
    flags: NO_FLAGS,
    timestamp: 1,
    message: new Uint8Array(0),
  })
  const decoded = decodeFrame(bytes)
  assert.ok(decoded.ok && decoded.value.type === 'established')
  assert.equal(openFrame(cipher, decoded.value), undefined)
})

test('what does not fit a frame is a mistake of the caller', () => {
  const frame = { receiverIndex: 1, counter: 0n, flags: NO_FLAGS, timestamp: 1 }
  assert.throws(() => sealFrame(cipher, { ...frame, message: new Uint8Array(65_532) }), RangeError)
  assert.equal(sealFrame(cipher, { ...frame, message: new Uint8Array(65_531) }).length, 65_535 + 32)
  assert.throws(() => encodeMsg1(1, new Uint8Array(105)), RangeError)
  assert.throws(() => encodeMsg2(1, 2, new Uint8Array(58)), RangeError)
})

test('a stream yields the same frames however it is split', () => {
  const frame = fc.oneof(
    outgoing.map((content) => sealFrame(cipher, content)),
    fc.nat(0xffffffff).map((index) => encodeMsg1(index, new Uint8Array(106))),
    fc.nat(0xffffffff).map((index) => encodeMsg2(index, 7, new Uint8Array(57))),
  )
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
      (frames, cuts) => {
        const stream = concatBytes(...frames)
        const framer = new StreamFramer(1400)
        const got: Uint8Array[] = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const length = cuts[i % cuts.length]!
          const cut = framer.push(stream.subarray(at, at + length))
          assert.equal(cut.rejected, undefined)
          got.push(...cut.frames)
          at += length
        }
        assert.deepEqual(got, frames)
        assert.equal(framer.pending, 0)
      },
    ),
    { seed: 5, numRuns: 200 },
  )
})

test('a stream out of step is refused until whoever owns it gets it in step again', () => {
  const frame = encodeMsg1(3, new Uint8Array(106))
  const framer = new StreamFramer(1400)
  const refused = framer.push(concatBytes(Uint8Array.of(0xff), frame))
  assert.equal(refused.frames.length, 0)
  assert.equal(refused.rejected?.code, 'unknown-version')
  framer.skip(1)
  assert.deepEqual(framer.push(new Uint8Array(0)), { frames: [frame] })
})

test('a stream holds back no more than the largest frame it takes', () => {
  const framer = new StreamFramer(ESTABLISHED_MIN_SIZE)
  const tooLong = framer.push(Uint8Array.of(0, 0, 1, 0))
  assert.equal(tooLong.rejected?.code, 'too-long')
})
