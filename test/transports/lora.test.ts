import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Island, established, msg1 } from './radio/island.ts'

const INDEX_A = 0x1234_5678
const INDEX_B = 0x9abc_def0

test('a 1357-byte frame crosses two boards bit for bit, both ways', async () => {
  const island = new Island(1)
  const a = await island.add('a')
  const b = await island.add('b')
  await island.join(a, b, INDEX_A, INDEX_B)
  const forth = established(INDEX_B, 0n, 1357, 0x05)
  const back = established(INDEX_A, 0n, 1357, 0x02)
  assert.equal(a.transport.send(b.addr, forth, 'bulk'), 'queued')
  assert.equal(b.transport.send(a.addr, back, 'bulk'), 'queued')
  assert.ok(await island.clock.runUntil(() => a.received.length === 1 && b.received.length === 1, 60_000))
  assert.deepEqual(b.received[0]?.frame, forth)
  assert.deepEqual(a.received[0]?.frame, back)
  assert.equal(b.received[0]?.from, a.addr)
  await island.clock.advance(60_000)
  assert.equal(a.received.length + b.received.length, 2)
})

test('a handshake arrives from a station never heard before', async () => {
  const island = new Island(2)
  const a = await island.add('a')
  const b = await island.add('b')
  const frame = msg1(INDEX_A)
  a.transport.send(b.addr, frame, 'handshake')
  assert.ok(await island.clock.runUntil(() => b.received.length === 1, 20_000))
  assert.deepEqual(b.received[0]?.frame, frame)
  assert.equal(b.received[0]?.from, a.addr)
})

test('what became of each frame is told once, with its bytes', async () => {
  const island = new Island(4)
  const a = await island.add('a')
  const b = await island.add('b')
  await island.join(a, b, INDEX_A, INDEX_B)
  a.fates.length = 0
  const [arrives, never] = [established(INDEX_B, 0n, 300), established(INDEX_B, 1n, 300)]
  a.transport.send(b.addr, arrives, 'tree')
  assert.ok(await island.clock.runUntil(() => a.fates.length > 0, 60_000))
  island.setLoss(1)
  a.transport.send(b.addr, never, 'tree')
  assert.ok(await island.clock.runUntil(() => a.fates.length > 1, 10 * 60_000))
  await island.clock.advance(60_000)
  assert.deepEqual(a.fates, [
    { type: 'delivered', to: b.addr, frame: arrives },
    { type: 'lost', to: b.addr, frame: never },
  ])
})

test('nothing is opened without a region', async () => {
  const island = new Island(3)
  await assert.rejects(island.add('a', { regionBudget: undefined }), /no region is set/)
})
