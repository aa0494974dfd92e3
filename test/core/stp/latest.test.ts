/** Paths that are no more: what somebody on them has declared since shows it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NodeAddr, type TreeAnnounce, TreeState } from '../../../core/index.ts'
import { addrOf } from '../addr.ts'

const FACTS = { costs: new Map(), skip: new Set<NodeAddr>() }

/** A node on a path, what it counts its declarations by, and when it made the last one. */
type Place = readonly [node: number, sequence: number, timestamp?: number]

function announce(...places: readonly Place[]): TreeAnnounce {
  const ancestry = places.map(([node, sequence, timestamp = 0]) => ({
    node: addrOf(node),
    sequence: BigInt(sequence),
    timestamp: BigInt(timestamp),
  }))
  const [own, above = own] = ancestry
  return { declaration: { ...own!, parent: above!.node }, ancestry, signature: new Uint8Array(64) }
}

/** Node 9 under its neighbour 5, which is under the root 1, with what else it hears. */
function under5(...others: readonly TreeAnnounce[]): TreeState {
  const tree = new TreeState(addrOf(9), 0n)
  for (const heard of [announce([5, 3], [1, 1]), ...others]) tree.update(heard, 0)
  tree.evaluate(FACTS, 0n, 0)
  assert.equal(tree.parent, addrOf(5))
  return tree
}

const parentOf = (tree: TreeState, now = 0): NodeAddr => {
  tree.evaluate(FACTS, 0n, now)
  return tree.parent
}

test('a root that is gone is not found again on the path of another that had it from the same node', () => {
  const tree = under5(announce([7, 2], [6, 2], [5, 3], [1, 1]))
  tree.update(announce([5, 4]), 0)
  assert.equal(parentOf(tree), addrOf(5), 'which has lost it')
  tree.update(announce([7, 3], [6, 3], [4, 1], [1, 1]), 0)
  assert.equal(parentOf(tree), addrOf(7), 'but on its new path it is')
})

test('it is enough to hear of it from a third', () => {
  const tree = under5(announce([7, 2], [6, 2], [1, 1]), announce([8, 2], [3, 1]))
  tree.update(announce([8, 3], [6, 3], [3, 1]), 0)
  tree.remove(addrOf(5))
  assert.equal(parentOf(tree), addrOf(8))
})

test('our parent is believed until it says otherwise itself', () => {
  const tree = under5()
  tree.update(announce([8, 2], [1, 2]), 0)
  assert.equal(parentOf(tree), addrOf(5))
})

test('a node that was started anew counts from 1 again, and its paths stand', () => {
  const tree = under5(announce([7, 2], [6, 40], [1, 1]))
  tree.update(announce([7, 3], [6, 1, 60], [1, 1]), 0)
  tree.remove(addrOf(5))
  assert.equal(parentOf(tree), addrOf(7))
})

test('even if its clock went back, after a minute', () => {
  const tree = under5(announce([7, 2], [6, 40, 60], [1, 1]))
  tree.update(announce([7, 3], [6, 1], [1, 1]), 1000)
  tree.remove(addrOf(5))
  assert.equal(parentOf(tree, 59_999), addrOf(9))
  assert.equal(parentOf(tree, 60_000), addrOf(7))
})

test('a silent parent is left a few times at once, and then kept until time has passed', () => {
  const tree = under5()
  const silent = { ...FACTS, silent: new Set([addrOf(5)]) }
  let sequence = 1
  /** Whether node 7, which can be a parent for a moment, is taken for one. */
  const escapes = (now: number): boolean => {
    tree.update(announce([7, ++sequence], [1, 1]), now)
    tree.evaluate(silent, 0n, now)
    const isTaken = tree.parent === addrOf(7)
    tree.update(announce([7, ++sequence], [9, 1], [1, 1]), now)
    tree.evaluate(silent, 0n, now)
    assert.equal(tree.parent, addrOf(5))
    return isTaken
  }
  assert.deepEqual(
    [0, 500, 1000, 1500, 2000, 31_000].map((now) => escapes(now)),
    [true, true, true, false, false, true],
  )
})
