/** The root of a tree goes for good, without a word: the others notice, agree on another, and do not talk of it without end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestMesh, type TestNode } from '../../support/mesh.ts'
import { standInCrypto } from '../../sim/stand-in-crypto.ts'

const SECOND = 1000
/** Nodes that have a link each with the two next ones on either side, in a ring. */
const SIZE = 20
/** Without a frame. */
const DEAD_AFTER = 30 * SECOND

function ring(seed: number): { readonly mesh: TestMesh; readonly root: TestNode } {
  const mesh = new TestMesh({ seed, crypto: standInCrypto })
  const nodes = mesh.addNodes(SIZE)
  for (const [i, node] of nodes.entries())
    for (const step of [1, 2]) mesh.connect(node, nodes[(i + step) % SIZE]!, { latencyMs: 4 + (i % 5) })
  mesh.run(160 * SECOND)
  assert.ok(mesh.hasOneRoot())
  const [root] = nodes.toSorted((a, b) => (a.addr < b.addr ? -1 : 1))
  return { mesh, root: root! }
}

const announces = (mesh: TestMesh): number =>
  mesh.nodes.reduce((sum, { node }) => sum + node.views.counters().tree.sent, 0)

for (const seed of [1, 2, 3]) {
  test(`a root that goes for good is forgotten within seconds, and talked of little, seed ${seed}`, () => {
    const { mesh, root } = ring(seed)
    const before = announces(mesh)
    mesh.crash(root)
    const isForgotten = (): boolean =>
      mesh.nodes.every(({ isUp, node }) => !isUp || node.views.tree().root !== root.addr)
    assert.ok(mesh.runUntil(isForgotten, DEAD_AFTER + 10 * SECOND), 'by all')
    assert.ok(
      mesh.runUntil(() => mesh.hasOneRoot(), 5 * SECOND),
      'for one other',
    )
    const each = (announces(mesh) - before) / SIZE
    assert.ok(each < 150, `${each} announces of each node`)
  })
}
