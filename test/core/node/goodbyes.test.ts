/** Disconnect with each reason, heard and said; and the bounds on who may be there at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DISCONNECT_REASONS, LINK_MESSAGE_TYPES, type NodeInput } from '../../../core/index.ts'
import { TestMesh, type TestNode } from '../../support/mesh.ts'
import { Microcontroller } from './microcontroller.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

interface World {
  readonly mesh: TestMesh
  readonly host: TestNode
  readonly guest: Microcontroller
}

function world(): World {
  const mesh = new TestMesh({ seed: 1 })
  const host = mesh.addNode()
  const guest = new Microcontroller(mesh, host, 0x51)
  guest.start()
  guest.run(SECOND)
  assert.equal(host.node.views.peers().length, 1)
  return { mesh, host, guest }
}

function whyDown(node: TestNode): string | undefined {
  const down = node.events.findLast((event) => event.type === 'peer-down')
  return down?.type === 'peer-down' ? down.reason : undefined
}

test('a goodbye ends the link, whatever its reason, also one that we do not know', () => {
  const at = world()
  for (const [reason, code] of Object.entries({ ...DISCONNECT_REASONS, unheardOf: 0x7e })) {
    const { host, guest } = at
    guest.send(Uint8Array.of(LINK_MESSAGE_TYPES.disconnect, code))
    assert.equal(host.node.views.links().length, 0)
    assert.equal(whyDown(host), `peer: ${reason === 'unheardOf' ? 'other' : reason}`)
    guest.start()
    guest.run(SECOND)
    assert.equal(host.node.views.peers().length, 1, 'and it may come back at once')
  }
})

/** What makes us say goodbye, and with which reason. A link that fell silent ends without one: nobody would hear it. */
const OURS: Readonly<Record<string, readonly [input: (at: World) => NodeInput, code: number]>> = {
  'the node stops': [() => ({ type: 'shutdown' }), DISCONNECT_REASONS.shutdown],
  'the operator ends it': [
    ({ guest }) => ({ type: 'disconnect', peer: guest.identity.nodeAddr }),
    DISCONNECT_REASONS['configuration-change'],
  ],
  'peers.deny names it': [
    ({ guest }) => ({ type: 'access-lists', allow: undefined, deny: [guest.identity.publicKey] }),
    DISCONNECT_REASONS['configuration-change'],
  ],
}

for (const [what, [input, code]] of Object.entries(OURS)) {
  test(`${what}: the peer is told why`, () => {
    const at = world()
    const said: number[] = []
    at.guest.heard.length = 0
    at.mesh.input(at.host, input(at))
    at.guest.run(100)
    for (const message of at.guest.messages(LINK_MESSAGE_TYPES.disconnect)) said.push(message[1]!)
    assert.deepEqual(said, [code])
  })
}

test('a goodbye of a peer that is to stand is answered by dialling it again, not at once', () => {
  const mesh = new TestMesh({ seed: 2 })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  mesh.connect(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
  mesh.input(b, { type: 'disconnect', peer: a.addr })
  mesh.run(4 * SECOND)
  assert.equal(a.node.views.peers().length, 0)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), 5 * SECOND))
})

test('links, handshakes of ours and half-open ones of others are bounded, each by its own key', () => {
  const limits = { maxLinks: 4, maxConnections: 2, maxPendingInbound: 3 }
  const mesh = new TestMesh({ seed: 3, config: { limits } })
  const host = mesh.addNode()
  const silent = mesh.addNodes(6)
  for (const node of silent) {
    mesh.connect(host, node)
    mesh.crash(node)
  }
  mesh.run(SECOND)
  assert.equal(host.node.views.connections().length, limits.maxConnections)

  const other = mesh.addNode()
  const callers = mesh.addNodes(6)
  for (const caller of callers) {
    // Its msg1 arrives, and nothing that is said to it.
    mesh.join(caller, other, { drops: (frame) => frame[0] === 0x02 })
    mesh.dial(caller, other)
  }
  mesh.run(SECOND)
  const { handshake } = other.node.views.counters()
  assert.equal(other.node.views.links().length, limits.maxPendingInbound)
  assert.ok(handshake.inboundCapExceeded >= callers.length - limits.maxPendingInbound)
  mesh.run(MINUTE)
  for (const caller of callers) mesh.crash(caller)
  mesh.run(MINUTE)
  assert.equal(other.node.views.links().length, 0, 'and they pass')

  const full = mesh.addNode()
  const guests = mesh.addNodes(6)
  for (const guest of guests) {
    mesh.connect(guest, full)
    mesh.run(SECOND)
  }
  assert.equal(full.node.views.links().length, limits.maxLinks)
})
