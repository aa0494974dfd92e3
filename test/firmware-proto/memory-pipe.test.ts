import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../boards/index.ts'
import { memoryPipePair, type BytePipe, type PipeSink } from '../../firmware-proto/index.ts'

function listen(pipe: BytePipe): { bytes: number[]; log: string[] } {
  const bytes: number[] = []
  const log: string[] = []
  const sink: PipeSink = {
    data: (chunk) => bytes.push(...chunk),
    drained: () => log.push('drained'),
    closed: (reason) => log.push(`closed: ${reason}`),
  }
  pipe.start(sink)
  return { bytes, log }
}

test('bytes cross in order, also those written before the receiver came', async () => {
  const clock = new SimClock()
  const [a, b] = memoryPipePair(clock)
  const reused = new Uint8Array([1, 2])
  assert.ok(a.write(reused))
  reused.fill(9)
  await clock.advance(10)
  const heard = listen(b)
  assert.deepEqual(heard.bytes, [])
  a.write(new Uint8Array([3]))
  await clock.advance(10)
  assert.deepEqual(heard.bytes, [1, 2, 3])
})

test('a line speed paces the bytes', async () => {
  const clock = new SimClock()
  const [a, b] = memoryPipePair(clock, { bytesPerSecond: 1000 })
  const heard = listen(b)
  a.write(new Uint8Array(50))
  a.write(new Uint8Array(50))
  await clock.advance(99)
  assert.equal(heard.bytes.length, 50)
  await clock.advance(1)
  assert.equal(heard.bytes.length, 100)
})

test('a full queue says so and drains', async () => {
  const clock = new SimClock()
  const [a, b] = memoryPipePair(clock, { bytesPerSecond: 1_000_000 })
  const heard = listen(a)
  listen(b)
  let writes = 0
  while (a.write(new Uint8Array(1000))) writes++
  assert.ok(writes > 4)
  await clock.advance(100)
  assert.deepEqual(heard.log, ['drained'])
})

test('closing hangs up the other end once and drops what comes later', async () => {
  const clock = new SimClock()
  const [a, b] = memoryPipePair(clock)
  const heard = listen(b)
  const own = listen(a)
  await a.close()
  await a.close()
  assert.equal(a.write(new Uint8Array(1)), false)
  await clock.advance(10)
  assert.equal(b.write(new Uint8Array(1)), false)
  assert.deepEqual(heard.log, ['closed: the other end closed'])
  assert.deepEqual(own.log, [])
})
