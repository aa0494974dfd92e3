/** Positions as they travel: what was read before is known again, and never mistaken for another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ByteReader,
  ByteWriter,
  nodeAddrFromBytes,
  readCoordinates,
  writeCoordinates,
  type NodeAddr,
} from '../../core/index.ts'

const addr = (n: number): NodeAddr => nodeAddrFromBytes(new Uint8Array(16).fill(n))
const written = (coordinates: readonly NodeAddr[]): Uint8Array => {
  const writer = new ByteWriter()
  writeCoordinates(writer, coordinates)
  return writer.finish().slice()
}
const read = (bytes: Uint8Array): readonly NodeAddr[] => readCoordinates(new ByteReader(bytes))

test('a position is read and written the same whether it was read before or its node has moved since', () => {
  const [before, after] = [
    [1, 2, 3],
    [1, 4],
  ].map((nodes) => nodes.map(addr))
  const old = read(written(before!))
  assert.deepEqual(old, before)
  assert.equal(read(written(before!)), old, 'held once')
  const now = read(written(after!))
  assert.deepEqual(now, after)
  assert.deepEqual(written(old), written(before!))
  assert.deepEqual(written(now), written(after!))
})

test('a position that was read does not change with the memory that it was read from', () => {
  const bytes = written([5, 6].map(addr))
  read(bytes)
  bytes.fill(7, 2 + 16)
  assert.deepEqual(read(bytes), [5, 7].map(addr))
  assert.deepEqual(written(read(written([5, 6].map(addr)))), written([5, 6].map(addr)))
})
