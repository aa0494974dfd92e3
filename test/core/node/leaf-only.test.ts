/** `node.leaf_only`: found and served like anybody, and carries nothing for others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipv6Of, type PublicKey } from '../../../core/index.ts'
import { TestMesh, type TestNode } from '../../support/mesh.ts'

const SECOND = 1000
const LEAF_ONLY = { leafOnly: true }
const PING = 58

/** An IPv6 packet from one node to another. */
function packetTo(from: TestNode, to: TestNode): Uint8Array {
  const packet = new Uint8Array(48)
  packet.set([0x60, 0, 0, 0, 0, 8, PING, 64])
  packet.set(from.identity.ipv6, 8)
  packet.set(ipv6Of(to.addr), 24)
  return packet
}

function sends(mesh: TestMesh, from: TestNode, to: TestNode): boolean {
  const publicKey: PublicKey = to.identity.publicKey
  const before = received(to)
  mesh.input(from, { type: 'identity', publicKey })
  mesh.input(from, { type: 'packet', packet: packetTo(from, to) })
  return mesh.runUntil(() => received(to) > before, 20 * SECOND)
}

function received(node: TestNode): number {
  return node.outputs.filter(({ type }) => type === 'packet').length
}

test('a leaf is found by nodes beyond its upstream, and finds them, whatever its address', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const mesh = new TestMesh({ seed })
    const [upstream, far] = [mesh.addNode(), mesh.addNode()]
    const leaf = mesh.addNode({}, LEAF_ONLY)
    mesh.connect(upstream, far)
    mesh.connect(leaf, upstream)
    mesh.run(20 * SECOND)
    assert.ok(sends(mesh, far, leaf), `to the leaf, seed ${seed}`)
    assert.ok(sends(mesh, leaf, far), `from the leaf, seed ${seed}`)
  }
})

test('nobody chooses a leaf as the way to the root, and nothing is carried through it', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const mesh = new TestMesh({ seed })
    const [upstream, behind] = [mesh.addNode(), mesh.addNode()]
    const leaf = mesh.addNode({}, LEAF_ONLY)
    mesh.connect(leaf, upstream)
    mesh.run(20 * SECOND)
    mesh.connect(behind, leaf)
    mesh.run(40 * SECOND)
    assert.ok(behind.node.views.tree().isRoot, 'without an announce there is nothing to choose')
    assert.ok(!sends(mesh, behind, upstream), `seed ${seed}`)
    assert.equal(leaf.node.views.counters().forwarding.forwardedPackets, 0)
  }
})

/** Two nodes, and a leaf between them whose address comes first, second or last. */
function between(place: number): { mesh: TestMesh; full: readonly [TestNode, TestNode]; leaf: TestNode } {
  for (let seed = 1; ; seed++) {
    const mesh = new TestMesh({ seed })
    const full = [mesh.addNode(), mesh.addNode()] as const
    const leaf = mesh.addNode({}, LEAF_ONLY)
    if (full.filter(({ addr }) => addr < leaf.addr).length !== place) continue
    for (const node of full) mesh.connect(leaf, node)
    return { mesh, full, leaf }
  }
}

for (const place of [0, 1, 2]) {
  test(`two neighbours of a leaf go on by their own link, though it is joined last; place of the leaf: ${place}`, () => {
    const { mesh, full, leaf } = between(place)
    const [a, b] = full
    mesh.run(30 * SECOND)
    mesh.connect(a, b)
    mesh.run(60 * SECOND)
    assert.ok([a.node.views.tree().parent === b.addr, b.node.views.tree().parent === a.addr].includes(true))
    assert.ok(sends(mesh, a, b) && sends(mesh, a, leaf) && sends(mesh, b, leaf))
    assert.equal(leaf.node.views.counters().forwarding.forwardedPackets, 0)
  })
}

test('the tree hangs on a leaf with the smallest address by one link, and by another one when that is gone', () => {
  const { mesh, full, leaf } = between(0)
  mesh.connect(...full)
  mesh.run(60 * SECOND)
  const below = (): readonly TestNode[] =>
    full.filter(({ isUp, node }) => isUp && node.views.tree().parent === leaf.addr)
  const [upstream, ...more] = below()
  assert.deepEqual(more, [])
  mesh.input(upstream!, { type: 'shutdown' })
  mesh.crash(upstream!)
  mesh.run(60 * SECOND)
  const left = full.find((node) => node !== upstream)!
  assert.deepEqual(below(), [left])
  assert.ok(sends(mesh, left, leaf) && sends(mesh, leaf, left))
})

test('two leaves are no way to anything for each other, and still talk', () => {
  const mesh = new TestMesh({ seed: 9 })
  const [a, b] = [mesh.addNode({}, LEAF_ONLY), mesh.addNode({}, LEAF_ONLY)]
  mesh.connect(a, b)
  mesh.run(60 * SECOND)
  assert.ok(a.node.views.tree().isRoot && b.node.views.tree().isRoot)
  assert.ok(sends(mesh, a, b) && sends(mesh, b, a))
})
