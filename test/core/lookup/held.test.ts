/** Requests that wait for their turn: shares of the turns, order, bounds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LookupRequest } from '../../../core/index.ts'
import { HeldRequests } from '../../../core/lookup/held.ts'
import { addrOf } from '../addr.ts'

const INTERVAL = 2000
const [one, other, third] = [addrOf(1), addrOf(2), addrOf(3)]

function request(target: number, id = 0): LookupRequest {
  return {
    requestId: BigInt(id),
    target: addrOf(target),
    origin: addrOf(99),
    ttl: 10,
    minMtu: 0,
    originCoordinates: [addrOf(99)],
  }
}

test('a neighbour that asks all the time gets every second turn, and the newest of its requests goes', () => {
  const held = new HeldRequests()
  const served: string[] = []
  for (let now = 0; now < 20_000; now += 500) {
    held.hold(request(7, now), one, 1000)
    if (now % 2000 === 0) held.hold(request(7, now), other, 1000)
    for (const due of held.takeDue(now, INTERVAL)) {
      served.push(due.from === one ? 'one' : 'other')
      if (due.from === one) assert.equal(due.request.requestId, BigInt(now))
    }
  }
  assert.deepEqual(served.slice(0, 6), ['one', 'other', 'one', 'other', 'one', 'other'])
})

test('whoever waits longest comes first, each target has turns of its own, and nothing is left over', () => {
  const held = new HeldRequests()
  for (const from of [third, one, other]) held.hold(request(7), from, 100)
  held.hold(request(8), one, 50)
  assert.equal(held.deadline(), 50)
  const order: string[] = []
  for (const now of [50, 100, 100 + INTERVAL, 100 + 2 * INTERVAL]) {
    for (const { from } of held.takeDue(now, INTERVAL)) order.push(from)
  }
  assert.deepEqual(order, [one, third, one, other])
  assert.deepEqual([held.size, held.deadline()], [0, undefined])
})

test('one neighbour cannot take all the room', () => {
  const held = new HeldRequests()
  let kept = 0
  for (let target = 0; target < 1000; target++) if (held.hold(request(target), one, 0)) kept++
  assert.equal(kept, 128)
  assert.ok(held.hold(request(5000), other, 0))
  assert.equal(held.takeDue(0, INTERVAL).length, 129)
  assert.ok(held.hold(request(1), one, 0), 'there is room again')
})
