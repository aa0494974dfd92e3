/** The graphs of the simulated networks: whole, as dense as meant, and the same from the same seed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRng } from '../../core/index.ts'
import { TOPOLOGIES, adjacency, hopsFrom } from './topology.ts'

const SIZE = 200

for (const [name, build] of Object.entries(TOPOLOGIES)) {
  test(`topology ${name}: in one piece, no link twice, by seed`, () => {
    const edges = build(SIZE, new SeededRng(3))
    assert.deepEqual(edges, build(SIZE, new SeededRng(3)))
    assert.equal(hopsFrom(0, adjacency(SIZE, edges)).size, SIZE)
    const ids = edges.map(([a, b]) => (a < b ? `${a} ${b}` : `${b} ${a}`))
    assert.equal(new Set(ids).size, edges.length)
    assert.ok(edges.every(([a, b]) => a !== b))
  })
}

test('topology: hops are those of the shortest way', () => {
  const ring = adjacency(6, TOPOLOGIES.ring(6))
  assert.deepEqual(
    [...hopsFrom(0, ring)].toSorted(([a], [b]) => a - b),
    [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 2],
      [5, 1],
    ],
  )
})
