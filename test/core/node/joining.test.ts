/** Leaves of the tree that join at about the same moment: everybody finds them, whatever came first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestMesh } from '../../support/mesh.ts'

const SECOND = 1000

/** Offsets of the two joins within a second, ms, in either order. */
const OFFSETS: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 40],
  [40, 0],
  [0, 300],
  [300, 0],
  [0, 550],
  [550, 0],
  [0, 990],
  [990, 0],
]

for (const limits of ['stock limits', 'the published crate’s wait of a second between announces'] as const) {
  test(`two leaves that join in the same second are found by everyone, with ${limits}`, () => {
    for (const [index, [first, second]] of OFFSETS.entries()) {
      for (let seed = 1; seed <= 2; seed++) {
        const config = limits === 'stock limits' ? {} : { tree: { announceMinIntervalMs: 1000 } }
        const mesh = new TestMesh({ seed: 100 * index + seed, config })
        const middle = mesh.addNodes(2)
        const leaves = mesh.addNodes(2)
        mesh.connect(middle[0]!, middle[1]!)
        mesh.run(5 * SECOND)
        const joins = [
          { at: first, leaf: leaves[0]!, to: middle[0]! },
          { at: second, leaf: leaves[1]!, to: middle[1]! },
        ].sort((a, b) => a.at - b.at)
        mesh.run(joins[0]!.at)
        mesh.connect(joins[0]!.leaf, joins[0]!.to)
        mesh.run(joins[1]!.at - joins[0]!.at)
        mesh.connect(joins[1]!.leaf, joins[1]!.to)
        const found = (): boolean =>
          mesh.nodes.every(({ node }) => node.views.status().estimatedMeshSize === 4)
        assert.ok(mesh.runUntil(found, 5 * SECOND), `offsets ${first} and ${second}, seed ${seed}`)
      }
    }
  })
}
