/** New keys on a standing link. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRng } from '../../../boards/index.ts'
import { randomUnit } from '../../../core/index.ts'
import { TestMesh } from '../../support/mesh.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const ESTABLISHED = 0x00
const MSG1 = 0x01
const MSG2 = 0x02

function rekeys(events: readonly { readonly type: string }[]): number {
  return events.filter((event) => event.type === 'rekeyed').length
}

test('keys are renewed about every two minutes, on both sides alike, and no frame is refused for it', () => {
  for (let seed = 1; seed <= 3; seed++) {
    const mesh = new TestMesh({ seed })
    const [a, b] = [mesh.addNode(), mesh.addNode()]
    mesh.connect(a, b, { jitterMs: 15 })
    assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
    mesh.run(11 * MINUTE)
    assert.ok(rekeys(a.events) >= 4 && rekeys(a.events) <= 7, `${rekeys(a.events)} rekeys`)
    assert.equal(rekeys(a.events), rekeys(b.events))
    for (const { node } of [a, b]) {
      const { link, handshake } = node.views.counters()
      assert.equal(link.decryptFailed + link.unknownIndex + link.replayed, 0)
      assert.equal(handshake.completed, 1)
    }
    const [mine, theirs] = [a.node.views.peers()[0], b.node.views.peers()[0]]
    assert.equal(mine?.currentKeyEpoch, theirs?.currentKeyEpoch)
  }
})

test('after so many frames keys are renewed whatever their age', () => {
  const mesh = new TestMesh({ seed: 9, config: { rekey: { afterMessages: 10 } } })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  mesh.connect(a, b)
  assert.ok(mesh.runUntil(() => rekeys(a.events) > 0, MINUTE))
})

test('the end that did not begin the link renews its keys in the first seconds, and both move to them', () => {
  let winners = 0
  for (let seed = 1; seed <= 8; seed++) {
    const mesh = new TestMesh({ seed })
    const a = mesh.addNode()
    const b = mesh.addNode(undefined, { rekey: { afterMessages: 5 } })
    // The smaller address stands where two handshakes cross: here none does.
    winners += a.addr < b.addr ? 1 : 0
    mesh.connect(a, b)
    assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
    mesh.run(25 * SECOND)
    assert.ok(rekeys(b.events) >= 2, `${rekeys(b.events)} rekeys`)
    assert.equal(rekeys(a.events), rekeys(b.events))
    for (const { node } of [a, b]) assert.equal(node.views.counters().link.unknownIndex, 0)
  }
  assert.ok(winners > 0 && winners < 8)
})

test('of two rekeys that begin at once one stands, and both ends move to it', () => {
  let ties = 0
  for (let seed = 4; seed <= 7; seed++) {
    const mesh = new TestMesh({ seed, config: { rekey: { afterMessages: 12 } } })
    const [a, b] = [mesh.addNode(), mesh.addNode()]
    // So long on the way that both ends often begin before they hear of each other.
    mesh.connect(a, b, { latencyMs: 700, jitterMs: 300 })
    mesh.run(5 * MINUTE)
    for (const { node, events } of [a, b]) {
      const { handshake, link } = node.views.counters()
      ties += handshake.msg1TieBroken
      assert.deepEqual([handshake.rekeyAbandoned, link.unknownIndex, link.decryptFailed], [0, 0, 0])
      assert.ok(events.every(({ type }) => type !== 'peer-down'))
      assert.ok(handshake.rekeyCompleted >= 15)
    }
    assert.equal(rekeys(a.events), rekeys(b.events))
  }
  assert.ok(ties > 0, 'it happened')
})

test('a rekey that nobody answers is given up, and the link lives on under the old keys', () => {
  const mesh = new TestMesh({ seed: 10 })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  const wire = mesh.connect(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
  wire.drops = (frame) => frame[0] === MSG2
  mesh.run(5 * MINUTE)
  const abandoned = [a, b].map(({ node }) => node.views.counters().handshake.rekeyAbandoned)
  assert.ok(Math.max(...abandoned) > 0)
  assert.equal(rekeys(a.events), 0)
  assert.ok(mesh.isLinked(a, b))
  wire.drops = undefined
  assert.ok(mesh.runUntil(() => rekeys(a.events) > 0 && rekeys(b.events) > 0, 4 * MINUTE))
})

test('a rekey succeeds although half of its messages are lost', () => {
  for (let seed = 1; seed <= 3; seed++) {
    const mesh = new TestMesh({ seed })
    const [a, b] = [mesh.addNode(), mesh.addNode()]
    const wire = mesh.connect(a, b)
    assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
    const luck = new SeededRng(seed)
    wire.drops = (frame) => frame[0] !== ESTABLISHED && randomUnit(luck) < 0.5
    mesh.run(10 * MINUTE)
    assert.ok(rekeys(a.events) >= 2 && rekeys(b.events) >= 2, `seed ${seed}`)
    assert.equal(a.node.views.counters().link.unknownIndex, 0)
  }
})

test('a forged msg2 does not disturb a rekey', () => {
  const mesh = new TestMesh({ seed: 11 })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  mesh.connect(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
  mesh.isTracing = true
  const isMsg1 = (frame: Uint8Array): boolean => frame[0] === MSG1
  assert.ok(mesh.runUntil(() => mesh.trace.some(({ frame }) => isMsg1(frame)), 3 * MINUTE))
  const sent = mesh.trace.find(({ frame }) => isMsg1(frame))
  assert.ok(sent !== undefined)
  const forged = new Uint8Array(69)
  forged.set([MSG2, 0x00, 65, 0x00])
  forged.set(sent.frame.subarray(4, 8), 8)
  forged.set(sent.frame.subarray(8, 41), 12)
  const other = sent.from === a ? b : a
  mesh.input(sent.from, { type: 'frame', transportId: 1, from: other.name, frame: forged })
  assert.equal(sent.from.node.views.counters().handshake.msg2Malformed, 1)
  assert.ok(mesh.runUntil(() => rekeys(a.events) > 0 && rekeys(b.events) > 0, SECOND))
})

test('on a constrained link keys last half a day and heartbeats are minutes apart', () => {
  const mesh = new TestMesh({ seed: 12 })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  mesh.connect(a, b, { profile: 'constrained', latencyMs: 700, jitterMs: 2000, loss: 0.1 })
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), 2 * MINUTE))
  mesh.run(5 * MINUTE)
  mesh.isTracing = true
  mesh.run(45 * MINUTE)
  assert.ok(mesh.trace.length < 40, `${mesh.trace.length} frames in 45 idle minutes`)
  assert.equal(rekeys(a.events), 0)
  mesh.run(12 * 60 * MINUTE)
  assert.ok(rekeys(a.events) >= 1)
  assert.ok(mesh.isLinked(a, b))
})
