/** Many nodes agree on one tree and on what is reachable through whom. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestMesh } from '../../support/mesh.ts'
import type { TestNode } from '../../support/mesh.ts'

const SECOND = 1000
/** Bytes, of the filter alone; everything else here is smaller. */
const FILTER_SIZE = 1024
const MINUTE = 60 * SECOND

/** A line with a few chords: node i is joined to i-1, and every third one to i-3 as well. */
function meshOf(count: number, seed: number, wire: Parameters<TestMesh['join']>[2] = {}): TestMesh {
  const mesh = new TestMesh({ seed })
  const nodes = mesh.addNodes(count)
  for (const [i, node] of nodes.entries()) {
    const before = nodes[i - 1]
    const chord = i % 3 === 0 ? nodes[i - 3] : undefined
    if (before !== undefined) mesh.connect(node, before, { jitterMs: 10, ...wire })
    if (chord !== undefined) mesh.connect(node, chord, { jitterMs: 10, ...wire })
  }
  return mesh
}

function smallest(mesh: TestMesh): string {
  return mesh.nodes.map((node) => node.addr as string).sort()[0] ?? ''
}

/** Every node's coordinates continue its parent's. */
function isConsistent(mesh: TestMesh): boolean {
  const byAddr = new Map<string, TestNode>(mesh.nodes.map((node) => [node.addr, node]))
  return mesh.nodes.every(({ node }) => {
    const view = node.views.tree()
    if (view.isRoot) return view.coordinates.length === 1
    const parent = byAddr.get(view.parent)?.node.views.tree()
    return parent?.coordinates.join() === view.coordinates.slice(1).join()
  })
}

for (const [count, seed] of [
  [3, 1],
  [5, 2],
  [10, 3],
  [20, 4],
] as const) {
  test(`${count} nodes agree on one root and reach each other`, () => {
    const mesh = meshOf(count, seed)
    const settled = (): boolean => mesh.hasOneRoot() && isConsistent(mesh)
    assert.ok(mesh.runUntil(settled, 30 * SECOND))
    // Parents that cost less by then are taken when the hold-down is over, after half a minute.
    mesh.run(45 * SECOND)
    assert.ok(settled(), 'and it stays so')
    assert.equal(mesh.nodes[0]?.node.views.tree().root, smallest(mesh))
    for (const { node } of mesh.nodes) {
      assert.equal(node.views.status().estimatedMeshSize, count)
    }
  })
}

test('the filters lead packets across the mesh, whoever sends', () => {
  const mesh = meshOf(8, 5, { jitterMs: 0 })
  assert.ok(mesh.runUntil(() => mesh.hasOneRoot() && isConsistent(mesh), 30 * SECOND))
  mesh.run(5 * SECOND)
  const pairs = mesh.nodes.flatMap((from) =>
    mesh.nodes.filter((to) => to !== from).map((to) => ({ from, to })),
  )
  for (const { from, to } of pairs) {
    const before = packetsOf(to)
    mesh.input(from, { type: 'identity', publicKey: to.identity.publicKey })
    mesh.input(from, { type: 'packet', packet: ipv6Packet(from, to) })
    assert.ok(
      mesh.runUntil(() => packetsOf(to) > before, 20 * SECOND),
      `${from.name} to ${to.name}`,
    )
  }
})

test('a mesh that falls apart makes two trees, and one again when it is joined', () => {
  const mesh = new TestMesh({ seed: 6 })
  const nodes = mesh.addNodes(6)
  const wires = nodes.slice(1).map((node, i) => mesh.connect(node, nodes[i] ?? node))
  const settled = (): boolean => mesh.hasOneRoot() && isConsistent(mesh)
  assert.ok(mesh.runUntil(settled, 30 * SECOND))
  const middle = wires[2]
  assert.ok(middle !== undefined)
  middle.isCut = true
  const roots = (): number => new Set(mesh.nodes.map(({ node }) => node.views.tree().root)).size
  assert.ok(mesh.runUntil(() => roots() === 2 && isConsistent(mesh), 2 * MINUTE))
  assert.ok(
    mesh.runUntil(() => mesh.nodes.every(({ node }) => node.views.status().estimatedMeshSize === 3), MINUTE),
  )
  middle.isCut = false
  assert.ok(mesh.runUntil(settled, 6 * MINUTE))
  assert.ok(
    mesh.runUntil(() => mesh.nodes.every(({ node }) => node.views.status().estimatedMeshSize === 6), MINUTE),
  )
})

test('trees and filters agree over lossy links too', () => {
  const mesh = meshOf(10, 7, { loss: 0.2 })
  const settled = (): boolean =>
    mesh.hasOneRoot() &&
    isConsistent(mesh) &&
    mesh.nodes.every(({ node }) => node.views.status().estimatedMeshSize === 10)
  assert.ok(mesh.runUntil(settled, 5 * MINUTE))
})

test('a leaf that joins its parent at the same moment as another is reachable from it', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const mesh = new TestMesh({ seed })
    const [left, middle, right] = [mesh.addNode(), mesh.addNode(), mesh.addNode()]
    mesh.join(left, middle, { jitterMs: 20 })
    mesh.join(right, middle, { jitterMs: 20 })
    mesh.dial(left, middle)
    mesh.dial(right, middle)
    const known = (): boolean => mesh.nodes.every(({ node }) => node.views.status().estimatedMeshSize === 3)
    assert.ok(mesh.runUntil(known, 10 * SECOND), `seed ${seed}`)
  }
})

test('a neighbour whose filter never came is found through us all the same', () => {
  const mesh = new TestMesh({ seed: 3 })
  const [first, middle, last] = mesh.addNodes(3)
  assert.ok(first && middle && last)
  mesh.connect(first, middle)
  mesh.connect(middle, last).drops = (frame) => frame.length > FILTER_SIZE
  mesh.run(10 * SECOND)
  for (const [from, to] of [
    [first, last],
    [last, first],
  ] as const) {
    mesh.input(from, { type: 'identity', publicKey: to.identity.publicKey })
    mesh.input(from, { type: 'packet', packet: ipv6Packet(from, to) })
  }
  assert.ok(mesh.runUntil(() => packetsOf(last) > 0 && packetsOf(first) > 0, 5 * SECOND))
})

test('an idle mesh repeats no filter, and announces its tree once a minute', () => {
  const mesh = new TestMesh({ seed: 8 })
  const nodes = mesh.addNodes(5)
  for (const [i, node] of nodes.slice(1).entries()) mesh.connect(node, nodes[i] ?? node, { jitterMs: 10 })
  assert.ok(mesh.runUntil(() => mesh.hasOneRoot() && isConsistent(mesh), 30 * SECOND))
  mesh.run(MINUTE)
  const sent = (of: 'bloom' | 'tree'): number =>
    mesh.nodes.reduce((sum, { node }) => sum + node.views.counters()[of].sent, 0)
  const before = { bloom: sent('bloom'), tree: sent('tree') }
  mesh.run(10 * MINUTE)
  assert.equal(sent('bloom'), before.bloom)
  const perLinkAndMinute = (sent('tree') - before.tree) / 8 / 10
  assert.ok(perLinkAndMinute <= 1.2, `${perLinkAndMinute}`)
})

function ipv6Packet(from: TestNode, to: TestNode): Uint8Array {
  const payload = 8
  const packet = new Uint8Array(40 + payload)
  packet.set([0x60, 0, 0, 0, 0, payload, 59, 64])
  packet.set(from.identity.ipv6, 8)
  packet.set(to.identity.ipv6, 24)
  return packet
}

function packetsOf(node: TestNode): number {
  return node.outputs.filter((output) => output.type === 'packet').length
}
