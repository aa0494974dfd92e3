/** How deep a place in the tree may be: what of it fits an announce, what is believed, and which parents leave room below us. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chooseParent,
  DEFAULT_NODE_CONFIG,
  deepestIn,
  MAX_TREE_DEPTH,
  type NodeAddr,
  type ParentChoice,
  treeAnnounceSize,
} from '../../../core/index.ts'
import { addrOf } from '../addr.ts'

test('what is believed where nothing is configured is the default of the configuration', () => {
  assert.equal(DEFAULT_NODE_CONFIG.tree.maxDepth, MAX_TREE_DEPTH)
})

test('the deepest place is the last whose announce fits', () => {
  for (const depth of [0, 1, 2, 40, 1000]) {
    const bytes = treeAnnounceSize(depth + 1)
    assert.deepEqual(
      [deepestIn(bytes - 1), deepestIn(bytes), deepestIn(bytes + 31)],
      [depth - 1, depth, depth],
    )
  }
})

const SELF = addrOf(90)
const [LEFT, RIGHT, BELOW] = [addrOf(10), addrOf(20), addrOf(30)] as const

/** A neighbour so many links below the root 0. */
function pathOf(peer: NodeAddr, depth: number): readonly NodeAddr[] {
  return [peer, ...Array.from({ length: depth }, (_, i) => addrOf(depth - 1 - i))]
}

interface Case {
  readonly what: string
  /** Depth of `LEFT` and `RIGHT`, and the deepest place that we can tell each neighbour of. */
  readonly depths: readonly [number, number]
  readonly deepest: readonly (readonly [NodeAddr, number])[]
  readonly parent?: NodeAddr
  readonly leftCost?: number
  readonly expected: ParentChoice
}

const CASES: readonly Case[] = [
  {
    what: 'a parent can be told of our place just about',
    depths: [4, 5],
    deepest: [
      [LEFT, 5],
      [RIGHT, 9],
    ],
    expected: { type: 'mandatory', parent: LEFT },
  },
  {
    what: 'one that cannot be told is none, though it is closer to the root',
    depths: [5, 7],
    deepest: [
      [LEFT, 5],
      [RIGHT, 9],
    ],
    expected: { type: 'mandatory', parent: RIGHT },
  },
  {
    what: 'where nobody can be told we are a root',
    depths: [5, 9],
    deepest: [
      [LEFT, 5],
      [RIGHT, 9],
    ],
    expected: { type: 'keep' },
  },
  {
    what: 'the present parent went too deep, and nobody else is there',
    depths: [5, 9],
    deepest: [
      [LEFT, 5],
      [RIGHT, 9],
    ],
    parent: LEFT,
    expected: { type: 'be-root' },
  },
  {
    what: 'a costly link that leaves room for others goes before a cheap one that does not',
    depths: [3, 4],
    deepest: [
      [LEFT, 9],
      [RIGHT, 9],
      [BELOW, 5],
    ],
    leftCost: 8,
    expected: { type: 'mandatory', parent: LEFT },
  },
  {
    what: 'with room for one more link below us cost decides',
    depths: [3, 4],
    deepest: [
      [LEFT, 9],
      [RIGHT, 9],
      [BELOW, 6],
    ],
    leftCost: 8,
    expected: { type: 'mandatory', parent: RIGHT },
  },
  {
    what: 'a parent without room for others is left for one that has it, though not at once',
    depths: [3, 4],
    deepest: [
      [LEFT, 9],
      [RIGHT, 9],
      [BELOW, 5],
    ],
    parent: RIGHT,
    leftCost: 8,
    expected: { type: 'discretionary', parent: LEFT },
  },
]

for (const { what, depths, deepest, parent = SELF, leftCost = 1, expected } of CASES) {
  test(`choice of the parent: ${what}`, () => {
    const choice = chooseParent({
      self: SELF,
      parent,
      paths: new Map([
        [LEFT, pathOf(LEFT, depths[0])],
        [RIGHT, pathOf(RIGHT, depths[1])],
      ]),
      costs: new Map([
        [LEFT, leftCost],
        [RIGHT, 1],
      ]),
      skip: new Set(),
      deepest: new Map(deepest),
      hysteresis: 0.2,
    })
    assert.deepEqual(choice, expected)
  })
}
