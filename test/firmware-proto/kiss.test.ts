import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeKiss, KissDeframer } from '../../firmware-proto/index.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const frames = fc.array(
  fc.record({
    command: fc.integer({ min: 0, max: 0xbf }),
    payload: fc.uint8Array({ maxLength: 60 }),
  }),
  { maxLength: 12 },
)

function deframe(chunks: readonly Uint8Array[], max = 64): { got: string[]; deframer: KissDeframer } {
  const got: string[] = []
  const deframer = new KissDeframer(max, (command, payload) => got.push(`${command}:${hex(payload)}`))
  for (const chunk of chunks) deframer.push(chunk)
  return { got, deframer }
}

test('known frames of RNodes', () => {
  const cases: [number, string, string][] = [
    [0x01, '33be27a0', 'c00133be27a0c0'],
    [0x01, '337055c0', 'c001337055dbdcc0'],
    [0x02, '0001e848', 'c0020001e848c0'],
    [0x03, '0e', 'c0030ec0'],
    [0x00, 'c0dbdcdd01', 'c000dbdcdbdddcdd01c0'],
    [0x23, '41', 'c02341c0'],
    [0x24, 'c0', 'c024dbdcc0'],
  ]
  for (const [command, payload, wire] of cases) {
    assert.equal(hex(encodeKiss(command, unhex(payload))), wire)
    assert.deepEqual(deframe([unhex(wire)]).got, [`${command}:${payload}`])
  }
})

test('what was encoded comes back, also with shared FENDs', () => {
  fc.assert(
    fc.property(frames, (list) => {
      const wire = list.flatMap(({ command, payload }, i) => {
        const frame = [...encodeKiss(command, payload)]
        return i > 0 && i % 2 === 0 ? frame.slice(1) : frame
      })
      const expected = list.map(({ command, payload }) => `${command}:${hex(payload)}`)
      assert.deepEqual(deframe([Uint8Array.from(wire)]).got, expected)
    }),
    { seed: 1, numRuns: 300 },
  )
})

test('any bytes: byte by byte equals all at once, in any chunks', () => {
  const noise = fc.array(
    fc.oneof(fc.constantFrom(0xc0, 0xdb, 0xdc, 0xdd), fc.integer({ min: 0, max: 255 })),
    { maxLength: 400 },
  )
  fc.assert(
    fc.property(noise, fc.array(fc.nat(400), { maxLength: 5 }), (list, cuts) => {
      const bytes = Uint8Array.from(list)
      const whole = deframe([bytes], 16)
      const single = deframe(
        [...bytes].map((byte) => Uint8Array.of(byte)),
        16,
      )
      const edges = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
      const chunked = deframe(
        edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge)),
        16,
      )
      assert.deepEqual(single.got, whole.got)
      assert.deepEqual(chunked.got, whole.got)
      assert.deepEqual(single.deframer.drops, whole.deframer.drops)
    }),
    { seed: 2, numRuns: 500 },
  )
})

test('after any garbage the next whole frame is delivered', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 60 }), (garbage, payload) => {
      const { got } = deframe([garbage, encodeKiss(0x00, payload)])
      assert.equal(got.at(-1), `0:${hex(payload)}`)
    }),
    { seed: 3, numRuns: 300 },
  )
})

test('frames above the bound and false escapes are dropped and counted', () => {
  const { got, deframer } = deframe(
    [
      encodeKiss(0, new Uint8Array(65)),
      encodeKiss(0, new Uint8Array(64)),
      unhex('c00001db02c0'),
      unhex('c00001dbc0'),
    ],
    64,
  )
  assert.deepEqual(got, [`0:${'00'.repeat(64)}`])
  assert.deepEqual(deframer.drops, { oversize: 1, badEscape: 2 })
})
