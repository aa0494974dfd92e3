/** Who may become a peer, and what a stranger costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AdmissionPolicy } from '../../../core/index.ts'
import { TestMesh } from '../../support/mesh.ts'
import type { TestNode } from '../../support/mesh.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** A node with this policy, and an open one that dials it. */
function visited(seed: number, policy: Partial<AdmissionPolicy>): [TestMesh, TestNode, TestNode] {
  const mesh = new TestMesh({ seed })
  const host = mesh.addNode(policy)
  const guest = mesh.addNode()
  mesh.join(host, guest)
  return [mesh, host, guest]
}

/** Nothing was said, and nothing is remembered. */
function assertUntouched(mesh: TestMesh, host: TestNode): void {
  assert.deepEqual(
    mesh.trace.filter((sent) => sent.from === host),
    [],
  )
  const { views } = host.node
  assert.equal(views.links().length, 0)
  assert.equal(views.connections().length, 0)
  assert.equal(views.retries().length, 0)
  assert.equal(views.mesh.identityCache().length, 0)
}

for (const [name, policy, counter] of [
  ['is not listed', { listedOnly: true }, 'msg1NotListed'],
  ['is not wanted at all', { acceptConnections: false }, 'msg1NotAccepted'],
] as const) {
  test(`a stranger who ${name} gets no answer and leaves no state`, () => {
    const [mesh, host, guest] = visited(1, policy)
    mesh.isTracing = true
    mesh.dial(guest, host)
    mesh.run(5 * MINUTE)
    assert.ok(host.node.views.counters().handshake[counter] > 0)
    assertUntouched(mesh, host)
  })
}

test('a denied peer gets no answer even where everyone is welcome, and is sent away when it is denied later', () => {
  const [mesh, host, guest] = visited(2, {})
  mesh.input(host, { type: 'access-lists', allow: undefined, deny: [guest.identity.publicKey] })
  mesh.isTracing = true
  mesh.dial(guest, host)
  mesh.run(MINUTE)
  assert.ok(host.node.views.counters().handshake.msg1Denied > 0)
  assertUntouched(mesh, host)

  mesh.input(host, { type: 'access-lists', allow: undefined, deny: [] })
  assert.ok(mesh.runUntil(() => mesh.isLinked(host, guest), 5 * MINUTE))
  mesh.input(host, { type: 'access-lists', allow: undefined, deny: [guest.identity.publicKey] })
  assert.equal(host.node.views.links().length, 0)
  mesh.run(SECOND)
  assert.equal(guest.node.views.peers().length, 0)
})

test('listed is who stands in peers.allow, and whoever the configuration names', () => {
  const [mesh, host, guest] = visited(3, { listedOnly: true })
  mesh.input(host, { type: 'access-lists', allow: [guest.identity.publicKey], deny: [] })
  mesh.dial(guest, host)
  assert.ok(mesh.runUntil(() => mesh.isLinked(host, guest), SECOND))

  const [other, configured, peer] = visited(4, { listedOnly: true, acceptConnections: false })
  other.dial(configured, peer)
  other.dial(peer, configured)
  assert.ok(other.runUntil(() => other.isLinked(configured, peer), 5 * SECOND))
})

test('a denied peer is not dialled either', () => {
  const [mesh, host, guest] = visited(5, {})
  mesh.input(host, { type: 'access-lists', allow: undefined, deny: [guest.identity.publicKey] })
  mesh.isTracing = true
  mesh.dial(host, guest)
  mesh.run(MINUTE)
  assert.deepEqual(mesh.trace, [])
})

test('a flood of first messages is answered at the configured rate', () => {
  const mesh = new TestMesh({ seed: 6, config: { rateLimit: { handshakeBurst: 8, handshakeRate: 1 } } })
  const host = mesh.addNode()
  const guest = mesh.addNode()
  mesh.join(host, guest)
  mesh.isTracing = true
  for (let i = 0; i < 40; i++) {
    mesh.dial(guest, host)
    mesh.crash(guest)
    mesh.restart(guest)
  }
  mesh.run(SECOND)
  const { handshake } = host.node.views.counters()
  assert.equal(handshake.msg1Received, 40)
  // One source may take a quarter of what all together may.
  assert.equal(handshake.msg1Answered, 2)
  assert.equal(handshake.msg1RateLimited, 38)
})

test('a full table turns strangers away and keeps its peers', () => {
  const mesh = new TestMesh({ seed: 7, config: { limits: { maxPeers: 2 } } })
  const host = mesh.addNode()
  const guests = mesh.addNodes(4)
  for (const guest of guests) {
    mesh.connect(guest, host)
    mesh.run(SECOND)
  }
  assert.equal(host.node.views.peers().length, 2)
  assert.ok(host.node.views.counters().handshake.maxPeersReached > 0)
})

test('a peer of the configuration may come back by itself when it is dialled no longer, unless it is denied', () => {
  const [mesh, host, guest] = visited(6, { listedOnly: true })
  const configured = [guest.identity.publicKey]
  mesh.input(host, { type: 'access-lists', allow: undefined, deny: [], configured })
  mesh.dial(host, guest, false)
  assert.ok(mesh.runUntil(() => mesh.isLinked(host, guest), SECOND))
  mesh.crash(guest)
  mesh.run(10 * MINUTE)
  assert.equal(host.node.views.retries().length, 0, 'it is not dialled again')
  mesh.restart(guest)
  mesh.dial(guest, host)
  assert.ok(mesh.runUntil(() => mesh.isLinked(host, guest), SECOND))

  mesh.input(host, { type: 'access-lists', allow: undefined, deny: [], configured, denyAll: true })
  assert.equal(host.node.views.links().length, 0, 'it is in no allow list')
})
