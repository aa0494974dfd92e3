/** The time of day is carried in announces and decides nothing: it may jump. Everything that waits runs on another clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestMesh } from '../../support/mesh.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const DAY_S = 86_400n
const NOW_S = 1_800_000_000n

for (const [name, seconds] of [
  ['a day ahead', NOW_S + DAY_S],
  ['a day back', NOW_S - DAY_S],
  ['back to 1970', 0n],
] as const) {
  test(`a clock that jumps ${name} costs no link, and the tree still follows its node`, () => {
    const mesh = new TestMesh({ seed: 31 })
    const [root, jumps, other] = mesh.addNodes(3).toSorted((a, b) => (a.addr < b.addr ? -1 : 1))
    assert.ok(root && jumps && other)
    const wire = mesh.connect(root, jumps)
    mesh.connect(root, other)
    mesh.connect(jumps, other)
    mesh.run(MINUTE)
    mesh.input(jumps, { type: 'wall-clock', seconds })
    mesh.run(5 * MINUTE)
    const downs = mesh.nodes.flatMap(({ events }) => events.filter(({ type }) => type === 'peer-down'))
    assert.deepEqual(downs, [])
    // Its next announces carry the new time, older ones than before among them.
    wire.isCut = true
    mesh.run(MINUTE)
    assert.ok(mesh.hasOneRoot())
    assert.equal(jumps.node.views.tree().parent, other.addr)
    const place = other.node.views.peers().find(({ nodeAddr }) => nodeAddr === jumps.addr)
    assert.equal(place?.treeDepth, 2)
  })
}
