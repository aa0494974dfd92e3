import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ByteReader, ByteWriter, asciiBytes, concatBytes, equalBytes, hex, unhex } from '../../core/index.ts'

test('what a writer wrote, a reader reads', () => {
  fc.assert(
    fc.property(
      fc.nat(255),
      fc.nat(65535),
      fc.nat(0xffffffff),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.uint8Array({ maxLength: 200 }),
      (a, b, c, d, tail) => {
        const bytes = new ByteWriter(8).u8(a).u16(b).u32(c).u64(d).put(tail).finish()
        const reader = new ByteReader(bytes)
        assert.deepEqual([reader.u8(), reader.u16(), reader.u32(), reader.u64()], [a, b, c, d])
        assert.deepEqual(reader.rest(), tail)
        assert.equal(reader.truncated, false)
      },
    ),
    { seed: 1 },
  )
})

test('integers are little-endian', () => {
  assert.equal(
    hex(new ByteWriter().u16(0x0102).u32(0x03040506).u64(1n).finish()),
    '0201060504030100000000000000',
  )
})

test('a read past the end yields nothing, consumes the rest and is remembered', () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3))
  assert.equal(reader.u32(), 0)
  assert.equal(reader.truncated, true)
  assert.equal(reader.remaining, 0)
  assert.equal(reader.u8(), 0)
  assert.equal(new ByteReader(Uint8Array.of(1), 2).truncated, true)
})

test('hex and back; anything else is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(unhex(hex(bytes)), bytes)),
    { seed: 2 },
  )
  assert.deepEqual(unhex('aBCd'), Uint8Array.of(0xab, 0xcd))
  for (const bad of ['a', 'g0', '0x', ' 0', '@@', '``']) assert.equal(unhex(bad), undefined)
})

test('bytes are compared and joined by content', () => {
  assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true)
  assert.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false)
  assert.equal(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2)), false)
  assert.deepEqual(
    concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)),
    Uint8Array.of(1, 2, 3),
  )
  assert.deepEqual(asciiBytes('Az'), Uint8Array.of(0x41, 0x7a))
  assert.throws(() => asciiBytes('é'), RangeError)
})
