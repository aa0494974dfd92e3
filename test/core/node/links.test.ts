/** Two nodes become neighbours, stay so, and notice when they no longer are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestMesh } from '../../support/mesh.ts'
import type { TestNode } from '../../support/mesh.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

function pair(
  options: { seed: number },
  wire: Parameters<TestMesh['join']>[2] = {},
): [TestMesh, TestNode, TestNode] {
  const mesh = new TestMesh(options)
  const a = mesh.addNode()
  const b = mesh.addNode()
  mesh.join(a, b, wire)
  return [mesh, a, b]
}

function packetTo(from: TestNode, to: TestNode): Uint8Array {
  const packet = new Uint8Array(48)
  packet.set([0x60, 0, 0, 0, 0, 8, 58, 64])
  packet.set(from.identity.ipv6, 8)
  packet.set(to.identity.ipv6, 24)
  return packet
}

test('one dials, both are linked within two round trips', () => {
  const [mesh, a, b] = pair({ seed: 1 })
  mesh.dial(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), 40))
  const view = a.node.views.peers()[0]
  assert.equal(view?.direction, 'outbound')
  assert.equal(view?.transportAddr, b.name)
  assert.equal(b.node.views.peers()[0]?.direction, 'inbound')
  assert.deepEqual(
    a.events.map((event) => event.type).filter((type) => type.startsWith('peer')),
    ['peer-up'],
  )
})

test('both dial at once: the handshake of the smaller address stands on both sides', () => {
  for (let seed = 1; seed <= 8; seed++) {
    const [mesh, a, b] = pair({ seed }, { jitterMs: 30 })
    mesh.dial(a, b)
    mesh.dial(b, a)
    assert.ok(
      mesh.runUntil(() => mesh.isLinked(a, b), 2 * SECOND),
      `seed ${seed}`,
    )
    mesh.run(5 * SECOND)
    const [smaller, larger] = a.addr < b.addr ? [a, b] : [b, a]
    const ours = smaller.node.views.peers()[0]
    const theirs = larger.node.views.peers()[0]
    assert.equal(ours?.stats.packetsReceived === 0, false)
    assert.ok((ours?.highestReceivedCounter ?? 0n) > 0n, `seed ${seed}: frames flow under one set of keys`)
    assert.ok((theirs?.highestReceivedCounter ?? 0n) > 0n, `seed ${seed}: both ways`)
    const downs = [...a.events, ...b.events].filter((event) => event.type === 'peer-down')
    assert.deepEqual(downs, [], `seed ${seed}`)
  }
})

test('both dial at once a hundred times in five seconds, and none of them is held back as a flood', () => {
  const [mesh, a, b] = pair({ seed: 9 }, { latencyMs: 5 })
  for (let round = 0; round < 100; round++) {
    mesh.dial(a, b, false)
    mesh.dial(b, a, false)
    assert.ok(
      mesh.runUntil(() => mesh.isLinked(a, b), 40),
      `round ${round}`,
    )
    mesh.input(a, { type: 'disconnect', peer: b.addr })
    mesh.run(10)
  }
})

test('the session of a neighbour ends with its link, for stock nodes forget it then: the next packet greets, and arrives', () => {
  const [mesh, a, b] = pair({ seed: 10 })
  for (let round = 1; round <= 2; round++) {
    mesh.dial(a, b, false)
    assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
    mesh.input(a, { type: 'packet', packet: packetTo(a, b) })
    mesh.run(SECOND)
    assert.equal(b.outputs.filter(({ type }) => type === 'packet').length, round)
    assert.equal(b.events.filter(({ type }) => type === 'session-up').length, round)
    mesh.input(a, { type: 'disconnect', peer: b.addr })
    mesh.run(SECOND)
    for (const { node } of [a, b]) assert.deepEqual(node.views.mesh.sessions(), [])
  }
})

for (const loss of [0.1, 0.3]) {
  test(`links come up and stay up at ${loss * 100} % loss`, () => {
    for (let seed = 1; seed <= 4; seed++) {
      const [mesh, a, b] = pair({ seed }, { loss, jitterMs: 20 })
      mesh.dial(a, b)
      mesh.dial(b, a)
      assert.ok(
        mesh.runUntil(() => mesh.isLinked(a, b), 40 * SECOND),
        `seed ${seed}`,
      )
      mesh.run(5 * MINUTE)
      assert.ok(mesh.isLinked(a, b), `seed ${seed}: still linked, over rekeys`)
      const downs = a.events.filter((event) => event.type === 'peer-down')
      assert.deepEqual(downs, [], `seed ${seed}`)
    }
  })
}

test('a peer that restarted is known again by its new epoch, and announces itself anew', () => {
  const [mesh, a, b] = pair({ seed: 3 })
  mesh.dial(b, a)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
  mesh.run(20 * SECOND)
  mesh.crash(b)
  mesh.run(SECOND)
  mesh.restart(b)
  mesh.dial(b, a)
  assert.ok(mesh.runUntil(() => b.node.views.peers().length === 1, SECOND))
  mesh.run(SECOND)
  assert.equal(a.node.views.counters().handshake.peerRestarts, 1)
  assert.ok(mesh.isLinked(a, b))
  assert.ok(mesh.hasOneRoot())
})

test('a dead link is noticed after the dead time, and dialled again until it is back', () => {
  const [mesh, a, b] = pair({ seed: 4 })
  mesh.dial(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
  mesh.crash(b)
  mesh.run(29 * SECOND)
  assert.equal(a.node.views.peers().length, 1, 'not before')
  mesh.run(12 * SECOND)
  assert.equal(a.node.views.peers().length, 0)
  const down = a.events.find((event) => event.type === 'peer-down')
  assert.equal(down?.type === 'peer-down' ? down.reason : '', 'timeout')
  mesh.run(10 * MINUTE)
  mesh.restart(b)
  assert.ok(
    mesh.runUntil(() => mesh.isLinked(a, b), 7 * MINUTE),
    'the longest back-off is five minutes',
  )
})

test('a goodbye ends the link at once on both sides, and leaves nothing behind', () => {
  const [mesh, a, b] = pair({ seed: 5 })
  mesh.dial(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
  mesh.input(a, { type: 'disconnect', peer: b.addr })
  assert.equal(a.node.views.links().length, 0)
  mesh.run(SECOND)
  assert.equal(b.node.views.links().length, 0)
  mesh.run(10 * MINUTE)
  assert.equal(a.node.views.links().length, 0, 'nobody dials again')
})

test('shutdown tells the peers, and nothing is sent afterwards', () => {
  const [mesh, a, b] = pair({ seed: 6 })
  mesh.dial(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
  mesh.input(a, { type: 'shutdown' })
  mesh.isTracing = true
  mesh.run(SECOND)
  assert.equal(b.node.views.peers().length, 0)
  assert.equal(a.node.deadline(), undefined)
  assert.deepEqual(
    mesh.trace.filter((sent) => sent.from === a),
    [],
  )
})

test('a transport that goes away takes its links with it and brings them back', () => {
  const [mesh, a, b] = pair({ seed: 7 })
  mesh.dial(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
  mesh.input(a, { type: 'transport-down', transportId: 1 })
  assert.equal(a.node.views.peers().length, 0)
  mesh.run(2 * MINUTE)
  assert.equal(b.node.views.peers().length, 0, 'silence is noticed')
  const admission = { acceptConnections: true, autoConnect: false, listedOnly: false }
  mesh.input(a, {
    type: 'transport-up',
    transport: { id: 1, kind: 'udp', mtu: 1472, profile: 'stock', admission },
  })
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
})

test('a link over two paths falls back to the second when the first is dead', () => {
  const mesh = new TestMesh({ seed: 8 })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  const first = mesh.join(a, b, { profile: 'stock' })
  mesh.join(a, b, { profile: 'constrained', latencyMs: 500 })
  first.isCut = true
  mesh.dial(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), 2 * MINUTE))
  assert.equal(a.node.views.peers()[0]?.profile, 'constrained')
})

test('a connection that ended is made anew: the link of a living peer goes on, a restarted one is met at once', () => {
  const [mesh, a, b] = pair({ seed: 9 })
  mesh.dial(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
  mesh.run(MINUTE)
  const pathGone = () => mesh.input(a, { type: 'path-gone', transportId: 1, addr: b.name })
  pathGone()
  mesh.run(10 * SECOND)
  const downs = () => a.events.filter((event) => event.type === 'peer-down').length
  assert.equal(downs(), 0)
  mesh.crash(b)
  pathGone()
  mesh.restart(b)
  const restarted = () => a.node.views.counters().handshake.peerRestarts === 1 && mesh.isLinked(a, b)
  assert.ok(mesh.runUntil(restarted, 2 * SECOND))
})

test('a peer that does not come back after its connection ended is lost soon', () => {
  const [mesh, a, b] = pair({ seed: 10 })
  mesh.dial(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
  mesh.run(5 * SECOND)
  mesh.crash(b)
  mesh.run(SECOND)
  mesh.input(a, { type: 'path-gone', transportId: 1, addr: b.name })
  mesh.run(6 * SECOND)
  assert.equal(a.node.views.peers().length, 0)
})
