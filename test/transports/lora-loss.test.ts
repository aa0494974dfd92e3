import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Island, established, type Station } from './radio/island.ts'

const INDEX_A = 0x1234_5678
const INDEX_B = 0x9abc_def0

async function joined(seed: number, loss: number): Promise<{ island: Island; a: Station; b: Station }> {
  const island = new Island(seed)
  const a = await island.add('a')
  const b = await island.add('b')
  await island.join(a, b, INDEX_A, INDEX_B)
  island.setLoss(loss)
  return { island, a, b }
}

/** Most airtime one 1071-byte frame may cost, both directions together, ms. */
const FILTER_COST: readonly (readonly [loss: number, share: number, airMs: number])[] = [
  [0, 1, 3_400],
  [0.1, 1, 4_000],
  [0.2, 0.99, 4_500],
  [0.3, 0.97, 6_000],
]

for (const [loss, share, airMs] of FILTER_COST) {
  test(`1071-byte frames at ${loss * 100} % frame loss: ${share * 100} % arrive, ${airMs} ms of air each at most`, async () => {
    const { island, a, b } = await joined(9, loss)
    const before = island.ether.stats.ms
    const count = loss === 0 ? 10 : 100
    for (let i = 0; i < count; i++) {
      a.transport.send(b.addr, established(INDEX_B, BigInt(i), 1071), 'filter')
      const had = b.received.length
      await island.clock.runUntil(() => b.received.length > had, 60_000)
      await island.clock.advance(2_000)
    }
    await island.clock.advance(30_000)
    assert.ok(b.received.length >= share * count, `${b.received.length} of ${count}`)
    assert.equal(new Set(b.received.map(({ frame }) => frame.join())).size, b.received.length)
    const cost = (island.ether.stats.ms - before) / b.received.length
    assert.ok(cost <= airMs, `${cost} ms a frame`)
  })
}

test('three stations triggered at the same instant all deliver', async () => {
  const island = new Island(5)
  const stations = [await island.add('a'), await island.add('b'), await island.add('c')]
  const next = (i: number): Station => stations[(i + 1) % stations.length]!
  for (const [i, station] of stations.entries()) await island.join(station, next(i), 0x100 + i, 0x200 + i)
  for (let round = 0; round < 20; round++) {
    for (const [i, station] of stations.entries()) {
      station.transport.send(next(i).addr, established(0x200 + i, BigInt(round), 232), 'interactive')
    }
    await island.clock.advance(10_000)
  }
  assert.equal(
    stations.reduce((sum, station) => sum + station.received.length, 0),
    60,
  )
})

test('bulk keeps arriving in full at 20 % loss', async () => {
  const { island, a, b } = await joined(11, 0.2)
  const frames = Array.from({ length: 20 }, (_, i) => established(INDEX_B, BigInt(i), 1200))
  let next = 0
  const allHere = await island.clock.runUntil(() => {
    while (next < frames.length && a.transport.queued < 3) a.transport.send(b.addr, frames[next++]!, 'bulk')
    return b.received.length === frames.length
  }, 400_000)
  assert.ok(allHere, `${b.received.length} of ${frames.length}`)
})
