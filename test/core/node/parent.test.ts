/** The choice of the parent over time: by cost, not at once, not for little, and not to and fro. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PartialNodeConfig } from '../../../core/index.ts'
import { TestMesh, type TestNode, type Wire } from '../../support/mesh.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

interface World {
  readonly mesh: TestMesh
  readonly node: TestNode
  /** Both next to the root, with the links of `node` to them. */
  readonly parents: readonly { readonly parent: TestNode; readonly wire: Wire }[]
}

/** A diamond: a node that may hang on either of two. */
function diamond(seed: number, config: PartialNodeConfig = {}): World {
  const mesh = new TestMesh({ seed, config })
  const nodes = mesh.addNodes(4)
  const [root, ...others] = [...nodes].sort((a, b) => (a.addr < b.addr ? -1 : 1))
  const [left, right, node] = [others[0]!, others[1]!, others[2]!]
  mesh.connect(left, root!)
  mesh.connect(right, root!)
  const parents = [left, right].map((parent) => ({ parent, wire: mesh.connect(node, parent) }))
  mesh.run(2 * MINUTE)
  return { mesh, node, parents }
}

function present({ node, parents }: World): World['parents'][number] {
  const { parent } = node.node.views.tree()
  const found = parents.find((candidate) => candidate.parent.addr === parent)
  assert.ok(found !== undefined, 'it hangs on one of the two')
  return found
}

function switches({ node }: World): number {
  return node.node.views.counters().tree.parentSwitches
}

test('a link that gets bad is left for a better one at the next look, and not for a little', () => {
  for (let seed = 1; seed <= 2; seed++) {
    const world = diamond(seed)
    const before = present(world)
    before.wire.loss = 0.35
    assert.ok(
      world.mesh.runUntil(() => present(world) !== before, 2 * MINUTE),
      `seed ${seed}`,
    )
    before.wire.loss = 0
    const count = switches(world)
    world.mesh.run(5 * MINUTE)
    assert.equal(switches(world), count, 'both are as good now, so it stays')
  }
})

test('after a switch the next one waits, however much better it looks', () => {
  const world = diamond(4, { tree: { holdDownSecs: 300 } })
  const before = present(world)
  before.wire.loss = 0.35
  world.mesh.run(2 * MINUTE)
  assert.equal(present(world), before)
  assert.ok(world.mesh.runUntil(() => present(world) !== before, 5 * MINUTE))
})

test('without regular looks nothing changes for cost alone', () => {
  const world = diamond(5, { tree: { reevalIntervalSecs: 0, holdDownSecs: 0 } })
  const before = present(world)
  before.wire.loss = 0.35
  world.mesh.run(3 * MINUTE)
  assert.equal(present(world), before)
})

test('a parent that is lost is replaced at once, hold-down or not', () => {
  const world = diamond(6, { tree: { holdDownSecs: 3600 } })
  const { parent } = present(world)
  world.mesh.input(parent, { type: 'shutdown' })
  world.mesh.crash(parent)
  assert.ok(world.mesh.runUntil(() => world.node.node.views.tree().parent !== parent.addr, SECOND))
  assert.equal(world.node.node.views.tree().isRoot, false)
})

test('a node that goes to and fro is held for longer, and says so', () => {
  const flapping = { tree: { holdDownSecs: 1, reevalIntervalSecs: 5, flapThreshold: 3, flapWindowSecs: 120 } }
  const world = diamond(7, flapping)
  const count = switches(world)
  for (let n = 0; n < 8; n++) {
    for (const at of world.parents) at.wire.loss = at === present(world) ? 0.5 : 0
    world.mesh.run(20 * SECOND)
  }
  const { tree } = world.node.node.views.counters()
  assert.ok(tree.flapDampened >= 1)
  const calm = diamond(7, { tree: { ...flapping.tree, flapThreshold: 1000 } })
  const calmCount = switches(calm)
  for (let n = 0; n < 8; n++) {
    for (const at of calm.parents) at.wire.loss = at === present(calm) ? 0.5 : 0
    calm.mesh.run(20 * SECOND)
  }
  assert.ok(switches(world) - count < switches(calm) - calmCount)
})
