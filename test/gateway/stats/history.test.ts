/** What is remembered over time: rates, gaps, minutes, and no more than fits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatsHistory } from '../../../gateway/stats/index.ts'
import { Ring } from '../../../gateway/stats/ring.ts'
import { Series } from '../../../gateway/stats/series.ts'
import { TestMesh, type TestNode } from '../../support/mesh.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

test('a ring gives back the last samples, and forgets the oldest', () => {
  const ring = new Ring(100)
  for (let n = 0; n < 64; n++) ring.push(n)
  assert.deepEqual(ring.last(3), [61, 62, 63])
  for (let n = 64; n < 250; n++) ring.push(n)
  assert.deepEqual(ring.last(3), [247, 248, 249])
  const all = ring.last(1000)
  assert.equal(all.length, 100)
  assert.deepEqual([all[0], all[99]], [150, 249])
  ring.push(undefined)
  ring.push(2.518)
  assert.deepEqual(ring.last(2), [null, 2.518])
})

test('what was not measured counts for nothing in a minute', () => {
  const folded = (fold: 'last' | 'sum' | 'mean', samples: readonly (number | undefined)[]): number | null => {
    const series = new Series(fold)
    for (const sample of samples) series.push(sample)
    series.endMinute()
    return series.last(60, '1m')[0]!
  }
  const samples = [2, undefined, 4, undefined]
  assert.deepEqual(
    (['last', 'sum', 'mean'] as const).map((fold) => folded(fold, samples)),
    [4, 6, 3],
  )
  assert.equal(folded('mean', [undefined]), null)
})

test('a counter is shown by its growth, and not where it began anew', () => {
  const series = new Series('mean')
  for (const total of [100, 130, undefined, 500, 520, 10, 15]) series.pushTotal(total)
  assert.deepEqual(series.last(7, '1s'), [null, 30, null, null, 20, null, 5])
})

test('a window is as wide as it was asked for, with nothing before the beginning', () => {
  const series = new Series('last')
  series.push(1)
  assert.deepEqual(series.last(3, '1s'), [null, null, 1])
  assert.equal(series.last(1_000_000, '1s').length, 3600)
  assert.equal(series.last(1_000_000, '1m').length, 1440)
  assert.deepEqual(series.recent(3), [1])
})

function pair(): { readonly mesh: TestMesh; readonly a: TestNode; readonly b: TestNode } {
  const mesh = new TestMesh({ seed: 1 })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  mesh.connect(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), 1000))
  return { mesh, a, b }
}

test('node and peers are sampled side by side; a peer that leaves has gaps and is forgotten after a day', () => {
  const { mesh, a, b } = pair()
  const clock = new VirtualClock()
  const history = new StatsHistory(a.node.views, clock)
  history.start()
  const second = (): void => {
    mesh.run(1000)
    clock.advance(1000)
  }
  for (let n = 0; n < 10; n++) second()
  assert.deepEqual(history.node('peer_count', 3, '1s'), [1, 1, 1])
  assert.deepEqual(history.node('mesh_size', 1, '1s'), [2])
  const bytes = history.peer(b.addr, 'bytes_out', 10, '1s')!
  assert.equal(bytes[0], null, 'no rate from one sample')
  assert.ok(bytes.slice(1).some((rate) => rate! > 0))
  assert.ok(history.peer(b.addr, 'srtt_ms', 1, '1s')![0]! > 0)
  assert.deepEqual(
    [...history.peers()].map(({ isActive }) => isActive),
    [true],
  )

  mesh.input(a, { type: 'disconnect', peer: b.addr })
  for (let n = 0; n < 50; n++) second()
  assert.deepEqual(history.peer(b.addr, 'bytes_out', 2, '1s'), [null, null])
  assert.deepEqual(history.node('peer_count', 60, '1m'), [0])
  assert.deepEqual(
    [...history.peers()].map(({ isActive }) => isActive),
    [false],
  )

  clock.advance(86_400_000)
  assert.deepEqual([...history.peers()], [])
  assert.equal(history.peer(b.addr, 'bytes_out', 2, '1s'), undefined)
  history.stop()
})
