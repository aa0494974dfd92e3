/** A slow medium that tells what became of each frame. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestMesh, type TestNode, type Wire } from '../../support/mesh.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const MSG1 = 0x01
const RADIO: Partial<Wire> = { profile: 'constrained', latencyMs: 500, confirmsAfterMs: 3000 }
const FILTER_BYTES = 1000

function linked(seed: number, wire: Partial<Wire>): [TestMesh, TestNode, TestNode, Wire] {
  const mesh = new TestMesh({ seed })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  mesh.isTracing = true
  const joined = mesh.connect(a, b, wire)
  return [mesh, a, b, joined]
}

function announced(node: TestNode): boolean {
  const peer = node.node.views.peers()[0]
  return peer?.hasTreePosition === true && peer.hasBloomFilter
}

test('announces that a radio lost go again within a minute, and not after the ten of a silent medium', () => {
  for (let seed = 1; seed <= 3; seed++) {
    const [mesh, a, b, wire] = linked(seed, RADIO)
    // Tree and filter announces, and not the heartbeat that follows a handshake.
    wire.drops = (frame) => frame[0] === 0 && frame.length > 100
    mesh.run(30 * SECOND)
    assert.ok(!announced(a) && !announced(b))
    wire.drops = undefined
    const within = 100 * SECOND
    assert.ok(
      mesh.runUntil(() => announced(a) && announced(b), within),
      `seed ${seed}`,
    )
  }
})

test('a medium that goes on losing hears of the same announce less and less, and at last no more', () => {
  const [mesh, a, , wire] = linked(4, RADIO)
  wire.drops = (frame) => frame[0] === 0 && frame.length > FILTER_BYTES
  const filters = (): readonly number[] =>
    mesh.trace.filter((sent) => sent.from === a && sent.frame.length > FILTER_BYTES).map((sent) => sent.at)
  mesh.run(3 * 60 * MINUTE)
  const times = filters()
  assert.ok(times.length >= 4 && times.length <= 12, `${times.length} filters in three hours`)
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0))
  assert.ok((gaps.at(-1) ?? 0) > 10 * (gaps[0] ?? 0), `gaps ${gaps.join(' ')}`)
})

test('an announce that a radio delivered is not repeated', () => {
  const [mesh, a] = linked(5, RADIO)
  mesh.run(5 * MINUTE)
  mesh.trace.length = 0
  mesh.run(50 * MINUTE)
  const repeated = mesh.trace.filter((sent) => sent.from === a && sent.frame.length > 100)
  assert.deepEqual(
    repeated.map(({ frame }) => frame.length),
    [],
  )
})

test('a first message that a radio lost goes again within seconds, and never more often than its timer allows', () => {
  const [mesh, a, , wire] = linked(6, { ...RADIO, isCut: true })
  const sent = (): number => mesh.trace.filter(({ from, frame }) => from === a && frame[0] === MSG1).length
  // Unconfirmed, the fourth would go after 8 + 14 + 23 s at the earliest.
  assert.ok(mesh.runUntil(() => sent() === 4, 45 * SECOND))
  mesh.run(2 * MINUTE - mesh.now)
  assert.equal(sent(), 6)
  wire.isCut = false
})
