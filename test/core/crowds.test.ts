/** Crowds: what goes at once, shares of the turns, order, bounds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Crowds } from '../../core/crowds.ts'
import { addrOf } from './addr.ts'

const [one, other, third] = [addrOf(1), addrOf(2), addrOf(3)]
const target = addrOf(7)

/** A crowd for the target: what may go at once has gone. */
function crowded(): Crowds<string> {
  const crowds = new Crowds<string>()
  let went = 0
  while (crowds.take(target, 0)) went++
  assert.equal(went, 20)
  return crowds
}

test('a neighbour that asks all the time gets every second turn, and the newest of what it asks goes', () => {
  const crowds = crowded()
  const served: string[] = []
  for (let now = 0; now < 2000; now += 5) {
    if (!crowds.take(target, now)) crowds.hold(target, one, `one ${now}`, now)
    if (now % 100 === 0 && !crowds.take(target, now)) crowds.hold(target, other, 'other', now)
    for (const due of crowds.takeDue(now)) {
      served.push(due.from === one ? 'one' : 'other')
      if (due.from === one) assert.equal(due.item, `one ${now}`)
    }
  }
  assert.deepEqual(served.slice(0, 6), ['one', 'other', 'one', 'other', 'one', 'other'])
  assert.ok(served.length >= 17 && served.length <= 20, 'some ten turns a second')
})

test('whoever waits longest comes first, each target has turns of its own, and nothing is left over', () => {
  const crowds = crowded()
  for (const from of [third, one, other]) crowds.hold(target, from, 'a', 0)
  crowds.hold(addrOf(8), one, 'b', 0)
  assert.equal(crowds.deadline(), 105)
  const order: string[] = []
  for (const now of [104, 105, 210, 315]) for (const { from } of crowds.takeDue(now)) order.push(from)
  assert.deepEqual(order, [third, one, one, other])
  assert.deepEqual([crowds.size, crowds.deadline()], [0, undefined])
})

test('what comes after a crowd does not find room for another burst', () => {
  const crowds = crowded()
  for (let now = 0; now < 3000; now += 105) {
    crowds.hold(target, one, 'a', now)
    assert.equal(crowds.takeDue(now + 105).length, 1)
  }
  let went = 0
  while (crowds.take(target, 3045)) went++
  assert.ok(went <= 1)
})

test('one neighbour cannot take all the room', () => {
  const crowds = new Crowds<string>()
  let kept = 0
  for (let n = 0; n < 1000; n++) if (crowds.hold(addrOf(n), one, 'a', 0)) kept++
  assert.equal(kept, 128)
  assert.ok(crowds.hold(addrOf(5000), other, 'a', 0))
  assert.equal(crowds.takeDue(105).length, 129)
  assert.ok(crowds.hold(addrOf(1), one, 'a', 105), 'there is room again')
})
