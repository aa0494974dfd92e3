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
    const { root, parent } = behind.node.views.tree()
    // Without an announce there is nothing to choose, unless the leaf itself is the root.
    if (leaf.node.views.tree().isRoot) assert.equal(root, leaf.addr)
    else assert.notEqual(parent, upstream.addr)
    assert.ok(!sends(mesh, behind, upstream), `seed ${seed}`)
    assert.equal(leaf.node.views.counters().forwarding.forwardedPackets, 0)
  }
})

test('two neighbours of a leaf go on by their own link', () => {
  const mesh = new TestMesh({ seed: 9 })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  const leaf = mesh.addNode({}, LEAF_ONLY)
  mesh.connect(leaf, a)
  mesh.connect(leaf, b)
  mesh.connect(a, b)
  mesh.run(30 * SECOND)
  assert.ok(sends(mesh, a, b) && sends(mesh, a, leaf) && sends(mesh, b, leaf))
  assert.equal(leaf.node.views.counters().forwarding.forwardedPackets, 0)
})
