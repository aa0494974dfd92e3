/** What an operator sees of a node agrees with what it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestMesh } from '../../support/mesh.ts'

const SECOND = 1000

test('views of a line of three tell the same story from every node', () => {
  const mesh = new TestMesh({ seed: 1 })
  const [left, middle, right] = [mesh.addNode(), mesh.addNode(), mesh.addNode()]
  mesh.connect(left, middle)
  mesh.connect(right, middle)
  mesh.run(10 * SECOND)
  const root = [left, middle, right].map((node) => node.addr).sort()[0]
  for (const { node, addr } of mesh.nodes) {
    const status = node.views.status()
    const tree = node.views.tree()
    assert.equal(status.root, root)
    assert.equal(status.isRoot, addr === root)
    assert.equal(status.estimatedMeshSize, 3)
    assert.equal(status.effectiveIpv6Mtu, 1400 - 77)
    assert.equal(tree.depth, tree.coordinates.length - 1)
    assert.equal(tree.peers.length, status.peerCount)
    assert.deepEqual(
      tree.peers.map((peer) => peer.distanceToUs),
      tree.peers.map(() => 1),
    )
    assert.equal(node.views.bloom().uptree === undefined, tree.isRoot)
    for (const peer of node.views.peers()) {
      assert.equal(peer.isParent, !tree.isRoot && tree.parent === peer.nodeAddr)
      assert.ok(peer.hasBloomFilter && peer.hasTreePosition)
      assert.ok(peer.mmp.srttMs !== undefined && Math.abs(peer.mmp.srttMs - 20) < 2, `${peer.mmp.srttMs}`)
      assert.ok(peer.mmp.cost > 1.1 && peer.mmp.cost < 1.4)
    }
    assert.equal(node.views.mmp().length, status.peerCount)
    assert.equal(
      node.views.links().every((link) => link.state === 'connected'),
      true,
    )
    assert.deepEqual(node.views.connections(), [])
  }
})

test('a peer that does not answer is seen as a connection, then as a retry', () => {
  const mesh = new TestMesh({ seed: 2 })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  const wire = mesh.join(a, b)
  wire.isCut = true
  mesh.dial(a, b)
  mesh.run(8 * SECOND)
  const connection = a.node.views.connections()[0]
  assert.equal(connection?.state, 'sent-msg1')
  assert.equal(connection.resendCount, 3)
  assert.equal(a.node.views.links()[0]?.state, 'connecting')
  mesh.run(23 * SECOND)
  const retry = a.node.views.retries()[0]
  assert.equal(retry?.peer, b.addr)
  assert.equal(retry.failures, 1)
  assert.ok((retry.nextAttemptAt ?? 0) > mesh.now)
  assert.equal(a.node.views.links().length, 0)
})
