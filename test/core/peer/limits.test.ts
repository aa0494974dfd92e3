/** What strangers may cost, and the numbers sessions are named by. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { SeededRng } from '../../../boards/index.ts'
import { SessionIndexes } from '../../../core/peer/index.ts'
import { SourceBuckets, TokenBucket } from '../../../core/token-bucket.ts'

test('a bucket allows its burst, then its rate, and says when it is ready', () => {
  const bucket = new TokenBucket(3, 2)
  assert.deepEqual(
    [0, 0, 0, 0, 499, 500, 500].map((now) => bucket.take(now)),
    [true, true, true, false, false, true, false],
  )
  assert.equal(bucket.readyAt(500), 1000)
  assert.equal(bucket.readyAt(5000), 5000)
})

test('no pattern of requests gets more out of a bucket than burst and rate', () => {
  const steps = fc.array(fc.nat({ max: 400 }), { maxLength: 200 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (delays, burst) => {
      const bucket = new TokenBucket(burst, 5)
      let now = 0
      let taken = 0
      for (const delay of delays) {
        now += delay
        if (bucket.take(now)) taken++
      }
      assert.ok(taken <= burst + (now * 5) / 1000 + 1e-9)
    }),
    { seed: 1, numRuns: 100 },
  )
})

test('one loud source leaves room for the others, and thousands of sources share one bucket', () => {
  const buckets = new SourceBuckets(100, 10)
  let loud = 0
  for (let i = 0; i < 1000; i++) if (buckets.take('loud', 0)) loud++
  assert.equal(loud, 25)
  let others = 0
  for (let i = 0; i < 5000; i++) if (buckets.take(`source ${i}`, 0)) others++
  assert.equal(others, 75)
})

test('who gives back what it took is not held back, as often as all together may take', () => {
  const buckets = new SourceBuckets(100, 10)
  let honest = 0
  while (honest < 1000 && buckets.take('honest', 0)) {
    honest++
    buckets.giveBack('honest', 0)
  }
  assert.equal(honest, 100 + 25)
  assert.ok(buckets.take('another', 0), 'and it left to the others what was theirs')
})

test('indexes differ in their low 16 bits as long as they live, and are never zero', () => {
  const indexes = new SessionIndexes<number>(new SeededRng(1))
  const live: number[] = []
  for (let i = 0; i < 20_000; i++) {
    const index = indexes.allocate(i)
    assert.ok(index !== undefined && index > 0 && index <= 0xffffffff)
    live.push(index)
  }
  assert.equal(new Set(live.map((index) => index & 0xffff)).size, live.length)
  assert.equal(indexes.owner(live[7] ?? 0), 7)
  for (const index of live) indexes.free(index)
  assert.equal(indexes.owner(live[7] ?? 0), undefined)
})

test('indexes run out before they become hard to find', () => {
  const indexes = new SessionIndexes<null>(new SeededRng(2))
  let count = 0
  while (indexes.allocate(null) !== undefined) count++
  assert.equal(count, 0x8000)
})
