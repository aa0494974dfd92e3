import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  cobsBound,
  cobsDecode,
  CobsDeframer,
  cobsEncode,
  crc16,
  crc32,
  decodeCell,
  encodeCell,
  MAX_BODY,
  MAX_CELL,
  MAX_UNITS,
  U16_MAX_FRAME,
  U16_RESYNC,
  U16Deframer,
  u16Encode,
  UNIT_BYTES,
  type SerialCell,
} from '../../firmware-proto/index.ts'
import { BelievingReader } from '../support/micro-leaf.ts'

const RUNS = { seed: 20, numRuns: 400 }
const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength, size: 'max' })
/** Bytes rich in what the framings treat specially. */
const nasty = (maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.oneof(fc.constantFrom(0, 1, 2, 5, 37, 69, 110, 114, 254, 255), fc.nat(255)), {
      maxLength,
      size: 'max',
    })
    .map((list) => Uint8Array.from(list))

function cobsCells(
  chunks: Iterable<Uint8Array>,
  maxContent = MAX_CELL,
): { cells: Uint8Array[]; faults: string[] } {
  const deframer = new CobsDeframer(maxContent)
  const cells: Uint8Array[] = []
  const faults: string[] = []
  for (const chunk of chunks)
    deframer.push(
      chunk,
      (cell) => cells.push(cell),
      (reason) => faults.push(reason),
    )
  return { cells, faults }
}

function u16Frames(chunks: Iterable<Uint8Array>): { frames: Uint8Array[]; skipped: number } {
  const deframer = new U16Deframer()
  const frames: Uint8Array[] = []
  let skipped = 0
  for (const chunk of chunks)
    deframer.push(
      chunk,
      (frame) => frames.push(frame.slice()),
      (count) => (skipped += count),
    )
  return { frames, skipped }
}

function* oneByOne(stream: Uint8Array): Generator<Uint8Array> {
  for (const byte of stream) yield Uint8Array.of(byte)
}

/** An FMP frame as far as its prefix tells. */
const fmpFrame = fc.oneof(
  fc.constant(Uint8Array.from({ length: 114 }, (_, i) => [1, 0, 110, 0][i] ?? i)),
  fc.constant(Uint8Array.from({ length: 69 }, (_, i) => [2, 0, 65, 0][i] ?? i)),
  fc
    .tuple(fc.integer({ min: 5, max: U16_MAX_FRAME - 32 }), fc.nat(7), fc.nat(255))
    .map(([inner, flags, fill]) => {
      const frame = new Uint8Array(inner + 32).fill(fill)
      frame.set([0, flags, inner & 0xff, inner >>> 8])
      return frame
    }),
)

const cell: fc.Arbitrary<SerialCell> = fc.oneof(
  fc
    .tuple(
      fc.nat(255),
      fc.nat(MAX_UNITS - 1),
      fc.integer({ min: 1, max: MAX_UNITS }),
      fc.boolean(),
      fc.nat(15),
      fc.nat(31),
    )
    .map(([id, firstUnit, units, ask, round, short]) => {
      const run = Math.min(units, MAX_UNITS - firstUnit)
      const last = short > 0
      const payload = Uint8Array.from({ length: run * UNIT_BYTES - short }, (_, i) => (i * id) & 0xff)
      return { type: 'data', id, firstUnit, last, ask, round, payload } as const
    }),
  fc
    .tuple(fc.nat(255), fc.nat(15), fc.array(fc.boolean(), { minLength: MAX_UNITS, maxLength: MAX_UNITS }))
    .map(([id, round, held]) => ({ type: 'ack', id, round, held }) as const),
  fc.constant({ type: 'hello' } as const),
)

test('checks: the published check values', () => {
  const digits = new TextEncoder().encode('123456789')
  assert.equal(crc16(digits), 0x906e)
  assert.equal(crc32(digits), 0xcbf43926)
})

test('cobs: the published examples', () => {
  const encoded = (list: number[]): string => Buffer.from(cobsEncode(Uint8Array.from(list))).toString('hex')
  assert.equal(encoded([]), '0100')
  assert.equal(encoded([0]), '010100')
  assert.equal(encoded([0, 0]), '01010100')
  assert.equal(encoded([0x11, 0x22, 0, 0x33]), '031122023300')
  const long = Array.from({ length: 254 }, (_, i) => i + 1)
  assert.equal(encoded(long), `ff${Buffer.from(long).toString('hex')}00`)
  assert.equal(encoded([...long, 0xff]), `ff${Buffer.from(long).toString('hex')}02ff00`)
})

test('cobs: round trip, no zero inside, within the bound', () => {
  fc.assert(
    fc.property(fc.oneof(bytes(1600), nasty(1600)), (content) => {
      const stuffed = cobsEncode(content)
      assert.equal(stuffed.indexOf(0), stuffed.length - 1)
      assert.ok(stuffed.length <= cobsBound(content.length))
      assert.deepEqual(cobsDecode(stuffed.subarray(0, -1)), content)
    }),
    RUNS,
  )
})

test('cobs: any stream byte by byte is the same as at once, and memory stays within one cell', () => {
  fc.assert(
    fc.property(nasty(600), fc.integer({ min: 1, max: 40 }), (stream, maxContent) => {
      const once = cobsCells([stream], maxContent)
      assert.deepEqual(cobsCells(oneByOne(stream), maxContent), once)
      for (const content of once.cells) assert.ok(content.length <= cobsBound(maxContent))
    }),
    RUNS,
  )
})

test('cobs: after garbage the next zero brings every following cell', () => {
  fc.assert(
    fc.property(nasty(3000), fc.array(bytes(300), { minLength: 1, maxLength: 5 }), (garbage, contents) => {
      const wanted = contents.filter((content) => content.length > 0)
      const stream = Buffer.concat([
        garbage,
        Uint8Array.of(0),
        ...wanted.map((content) => cobsEncode(content)),
      ])
      const { cells } = cobsCells([stream])
      assert.deepEqual(cells.slice(cells.length - wanted.length), wanted)
    }),
    RUNS,
  )
})

test('cells: round trip', () => {
  fc.assert(
    fc.property(cell, (wanted) => {
      const content = cobsDecode(encodeCell(wanted).subarray(0, -1))
      assert.ok(content !== undefined && content.length <= MAX_CELL)
      const decoded = decodeCell(content)
      assert.ok(decoded.ok)
      assert.deepEqual(decoded.value, wanted)
    }),
    RUNS,
  )
})

test('cells: any content is answered by value, and a flipped bit never passes', () => {
  fc.assert(
    fc.property(nasty(200), (content) => {
      const decoded = decodeCell(content)
      if (decoded.ok && decoded.value.type === 'data')
        assert.ok(decoded.value.firstUnit * UNIT_BYTES + decoded.value.payload.length <= MAX_BODY)
    }),
    RUNS,
  )
  fc.assert(
    fc.property(cell, fc.nat(), (good, at) => {
      const content = Uint8Array.from(cobsDecode(encodeCell(good).subarray(0, -1)) ?? [])
      const bit = at % (content.length * 8)
      content[bit >>> 3] = (content[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
      const decoded = decodeCell(content)
      assert.equal(decoded.ok ? 'accepted' : decoded.code, 'crc')
    }),
    RUNS,
  )
})

test('u16: frames survive any chunking', () => {
  fc.assert(
    fc.property(fc.array(fmpFrame, { maxLength: 6 }), (frames) => {
      const stream = Buffer.concat(frames.map((frame) => u16Encode(frame)))
      assert.deepEqual(u16Frames([stream]), { frames, skipped: 0 })
      assert.deepEqual(u16Frames(oneByOne(stream)), { frames, skipped: 0 })
    }),
    { seed: 21, numRuns: 100 },
  )
})

test('u16: any stream byte by byte is the same as at once', () => {
  fc.assert(
    fc.property(nasty(800), (stream) => {
      assert.deepEqual(u16Frames(oneByOne(stream)), u16Frames([stream]))
    }),
    RUNS,
  )
})

test('u16: bytes that begin no frame are slid over one by one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ min: 3, max: 255, maxLength: 300 }), fmpFrame, (garbage, frame) => {
      // Nothing in 3..255 is a phase, so no frame begins before the real one.
      assert.deepEqual(u16Frames([garbage, u16Encode(frame)]), { frames: [frame], skipped: garbage.length })
    }),
    RUNS,
  )
})

test('u16: a cut frame costs at most what it swallowed, and the zeros bring a reader back', () => {
  fc.assert(
    fc.property(fmpFrame, fc.nat(), fmpFrame, (cut, at, next) => {
      const stump = u16Encode(cut).subarray(0, 1 + (at % (cut.length + 1)))
      const { frames } = u16Frames([stump, U16_RESYNC, u16Encode(next)])
      assert.deepEqual(frames.at(-1), next)
    }),
    RUNS,
  )
})

test('u16: a reader that believes every length is back in step whatever it had in hand', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fmpFrame, (noise, next) => {
      const frames: Uint8Array[] = []
      const reader = new BelievingReader()
      for (const bytes of [noise, U16_RESYNC, u16Encode(next)]) {
        reader.push(bytes, (frame) => frames.push(frame))
      }
      assert.deepEqual(frames.at(-1), next)
    }),
    RUNS,
  )
})

test('u16: a microcontroller begins with 72 00 01 00 6e 00', () => {
  const msg1 = Uint8Array.from({ length: 114 }, (_, i) => [1, 0, 110, 0][i] ?? 9)
  assert.equal(Buffer.from(u16Encode(msg1).subarray(0, 6)).toString('hex'), '720001006e00')
  assert.throws(() => u16Encode(new Uint8Array(0)), RangeError)
  assert.throws(() => u16Encode(new Uint8Array(U16_MAX_FRAME + 1)), RangeError)
})
