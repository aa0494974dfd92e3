import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryHub, TransportError } from '../../transports/index.ts'
import { sampleFrame, transportContract, turn, type TransportPair } from '../contract/transport.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { harmlessWraps } from './wraps.ts'

const clock = new VirtualClock()

async function makePair(): Promise<TransportPair> {
  const hub = new MemoryHub({ clock, latencyMs: 5 })
  return {
    a: hub.attach('a'),
    b: hub.attach('b'),
    addressOfA: () => 'a',
    addressOfB: () => 'b',
    nowhere: 'z',
    advance: async () => {
      clock.advance(1)
      await turn()
    },
  }
}

for (const { name, wrap } of harmlessWraps(clock)) transportContract(`memory ${name}`, makePair, wrap)

test('memory: a name is taken once and free again after close', async () => {
  const hub = new MemoryHub({ clock })
  const sink = { frame: () => {}, state: () => {} }
  const first = hub.attach('a')
  await first.open(sink)
  await assert.rejects(hub.attach('a').open(sink), (error) => {
    assert.ok(error instanceof TransportError)
    return error.code === 'address-in-use'
  })
  await first.close()
  await hub.attach('a').open(sink)
})

test('memory: delivers after the latency, not before', async () => {
  const local = new VirtualClock()
  const hub = new MemoryHub({ clock: local, latencyMs: 50 })
  const a = hub.attach('a')
  const b = hub.attach('b')
  let heard = 0
  await a.open({ frame: () => {}, state: () => {} })
  await b.open({ frame: () => heard++, state: () => {} })
  a.send('b', sampleFrame(64))
  local.advance(49)
  assert.equal(heard, 0)
  local.advance(1)
  assert.equal(heard, 1)
})

test('memory: a medium taken down says so, refuses frames and loses those on their way', async () => {
  const local = new VirtualClock()
  const hub = new MemoryHub({ clock: local, latencyMs: 5 })
  const a = hub.attach('a')
  const b = hub.attach('b')
  const told: string[] = []
  let heard = 0
  await a.open({ frame: () => {}, state: () => {} })
  await b.open({ frame: () => heard++, state: (up, reason) => told.push(`${up} ${reason}`) })
  a.send('b', sampleFrame(64))
  b.setUp(false, 'unplugged')
  local.advance(10)
  assert.equal(b.send('a', sampleFrame(64)), 'down')
  b.setUp(true, 'back')
  a.send('b', sampleFrame(64))
  local.advance(10)
  assert.equal(heard, 1)
  assert.deepEqual(told, ['false unplugged', 'true back'])
})
