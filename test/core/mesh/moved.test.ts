/** A node moves in the tree: others remember it where it was, and what they send arrives all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestMesh, type TestNode } from '../../support/mesh.ts'

function send(mesh: TestMesh, from: TestNode, to: TestNode): void {
  mesh.input(from, {
    type: 'datagram',
    to: to.identity.publicKey,
    sourcePort: 7,
    destinationPort: 7,
    payload: new Uint8Array(32),
  })
}

/** `mover` hangs under `first`; from now on it hangs under `second`. */
function move(mesh: TestMesh, mover: TestNode, first: TestNode, second: TestNode): void {
  mesh.input(mover, { type: 'disconnect', peer: first.addr })
  mesh.input(first, { type: 'disconnect', peer: mover.addr })
  mesh.connect(mover, second)
  // Longer than filters take up to the root and down again.
  mesh.run(5000)
}

/**
 *         root
 *        /    \
 *     first  second
 *     /   \
 * sender mover
 */
function family(seed: number) {
  const mesh = new TestMesh({ seed })
  const byAddr = mesh.addNodes(5).toSorted((a, b) => (a.addr < b.addr ? -1 : 1))
  const pick = (i: number): TestNode => byAddr[i]!
  const [root, first, second, sender, mover] = [pick(0), pick(1), pick(2), pick(3), pick(4)]
  for (const [a, b] of [
    [first, root],
    [second, root],
    [sender, first],
    [mover, first],
  ] as const)
    mesh.connect(a, b)
  mesh.run(10_000)
  return { mesh, first, second, sender, mover }
}

const datagrams = (node: TestNode): number => node.outputs.filter(({ type }) => type === 'datagram').length

test('what is sent by a position that holds no longer finds its way along the tree', () => {
  const { mesh, first, second, sender, mover } = family(3)
  send(mesh, sender, mover)
  // Until the session reports so rarely that none of its reports finds out first.
  mesh.run(40_000)
  assert.equal(datagrams(mover), 1)
  move(mesh, mover, first, second)
  send(mesh, sender, mover)
  mesh.run(100)
  assert.equal(datagrams(mover), 2)
})

test('and its source hears of it, so that what it sends later goes by the new position', () => {
  const { mesh, first, second, sender, mover } = family(4)
  send(mesh, sender, mover)
  mesh.run(1000)
  move(mesh, mover, first, second)
  send(mesh, sender, mover)
  mesh.run(3000)
  const known = sender.node.views.mesh.coordinateCache().find(({ nodeAddr }) => nodeAddr === mover.addr)
  assert.deepEqual(known?.coordinates, mover.node.views.tree().coordinates)
})

test('what is remembered of a node is forgotten when it is a neighbour and tells itself', () => {
  const { mesh, sender, mover } = family(5)
  send(mesh, sender, mover)
  mesh.run(1000)
  const isRemembered = (): boolean =>
    sender.node.views.mesh.coordinateCache().some(({ nodeAddr }) => nodeAddr === mover.addr)
  assert.ok(isRemembered())
  mesh.connect(sender, mover)
  mesh.run(1000)
  assert.ok(!isRemembered())
})
