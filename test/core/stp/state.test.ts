import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  type Coordinates,
  type LinkFacts,
  MAX_TREE_DEPTH,
  type NodeAddr,
  pathFault,
  type TreeAnnounce,
  TreeState,
  YOUNG_GAIN,
  YOUNG_TREE,
} from '../../../core/index.ts'
import { addrOf } from '../addr.ts'

const FACTS: LinkFacts = { costs: new Map(), skip: new Set() }

/** An announce of the first node of `path`, unsigned: these tests begin behind the signature. The others are where they were. */
function announce(path: Coordinates, sequence: bigint, aboveIt = 1n): TreeAnnounce {
  return {
    declaration: { node: path[0]!, parent: path[1] ?? path[0]!, sequence, timestamp: 0n },
    ancestry: path.map((node, i) => ({ node, sequence: i === 0 ? sequence : aboveIt, timestamp: 0n })),
    signature: new Uint8Array(64),
  }
}

function path(...numbers: readonly number[]): Coordinates {
  return numbers.map(addrOf)
}

function positionOf(tree: TreeState): object {
  const { parent, sequence, timestamp } = tree.declaration
  return { parent, sequence, timestamp, root: tree.root, coordinates: tree.coordinates }
}

test('a node joins, follows its parent, loses it, and is a root again', () => {
  const tree = new TreeState(addrOf(9), 1_700_000_000n)
  assert.deepEqual(positionOf(tree), {
    parent: addrOf(9),
    sequence: 1n,
    timestamp: 1_700_000_000n,
    root: addrOf(9),
    coordinates: path(9),
  })

  assert.ok(tree.update(announce(path(6, 1), 1n), 0))
  const joined = tree.evaluate(FACTS, 1_700_000_005n, 5000)
  assert.deepEqual(joined, { parentChanged: true, rootChanged: true, damped: false })
  assert.deepEqual(tree.coordinates, path(9, 6, 1))
  assert.equal(tree.declaration.sequence, 2n)

  assert.ok(tree.update(announce(path(6, 5, 1), 2n), 0))
  const followed = tree.evaluate(FACTS, 1_700_000_006n, 6000)
  assert.deepEqual(followed, { parentChanged: false, rootChanged: false, damped: false })
  assert.deepEqual(tree.coordinates, path(9, 6, 5, 1))

  assert.ok(tree.update(announce(path(7, 1), 1n), 0))
  assert.equal(
    tree.evaluate(FACTS, 1_700_000_017n, 17_000),
    undefined,
    'a cheaper parent waits for the hold-down',
  )
  tree.remove(addrOf(6))
  tree.evaluate(FACTS, 1_700_000_018n, 18_000)
  assert.deepEqual(tree.coordinates, path(9, 7, 1), 'a lost parent is replaced at once')

  tree.remove(addrOf(7))
  tree.evaluate(FACTS, 1_700_000_020n, 20_000)
  assert.deepEqual(positionOf(tree), {
    parent: addrOf(9),
    sequence: 5n,
    timestamp: 1_700_000_020n,
    root: addrOf(9),
    coordinates: path(9),
  })
})

test('shorter ways to a new root are taken at once, however many they are, and to an old one they wait', () => {
  const tree = new TreeState(addrOf(9), 0n)
  for (let length = 8; length > 1; length--) {
    const above = Array.from({ length: length - 1 }, (_, i) => 20 + i)
    tree.update(announce(path(10 + length, ...above, 1), 1n), 0)
    const change = tree.evaluate(FACTS, 0n, 8000 - 1000 * length)
    assert.deepEqual([tree.coordinates.length, change?.damped], [length + 2, false])
  }
  tree.update(announce(path(8, 1), 1n), 0)
  assert.equal(tree.evaluate(FACTS, 0n, YOUNG_TREE), undefined, 'the root is ten seconds old')
  tree.update(announce(path(7, 3, 2, 0), 1n), 0)
  tree.evaluate(FACTS, 0n, YOUNG_TREE)
  tree.update(announce(path(6, 0), 1n), 0)
  tree.evaluate(FACTS, 0n, YOUNG_TREE)
  assert.deepEqual(tree.coordinates, path(9, 6, 0), 'this one is new')
})

test('links that cost a little less are no shorter way to a new root', () => {
  const tree = new TreeState(addrOf(9), 0n)
  tree.update(announce(path(6, 1), 1n), 0)
  tree.evaluate(FACTS, 0n, 0)
  tree.update(announce(path(7, 1), 1n), 0)
  const costs = (six: number): LinkFacts => ({
    ...FACTS,
    costs: new Map([
      [addrOf(6), six],
      [addrOf(7), 1],
    ]),
  })
  tree.evaluate(costs(1 + YOUNG_GAIN - 0.01), 0n, 1)
  assert.equal(tree.parent, addrOf(6))
  tree.evaluate(costs(1 + YOUNG_GAIN), 0n, 2)
  assert.equal(tree.parent, addrOf(7))
})

test('the parent repeating itself changes nothing, and its new ancestors travel with our next announce', () => {
  const tree = new TreeState(addrOf(9), 0n)
  tree.update(announce(path(6, 1), 1n), 0)
  tree.evaluate(FACTS, 1n, 0)
  assert.ok(tree.update(announce(path(6, 1), 7n, 7n), 0))
  assert.equal(tree.evaluate(FACTS, 2n, 100_000), undefined)
  assert.deepEqual(
    tree.ancestry().map((entry) => entry.sequence),
    [2n, 7n, 7n],
  )
})

test('a parent that loops through us is left for another one', () => {
  const tree = new TreeState(addrOf(9), 0n)
  tree.update(announce(path(6, 1), 1n), 0)
  tree.update(announce(path(7, 4, 3, 1), 1n), 0)
  tree.evaluate(FACTS, 0n, 0)
  assert.equal(tree.parent, addrOf(6))
  tree.update(announce(path(6, 9, 1), 2n), 0)
  tree.evaluate(FACTS, 0n, 1)
  assert.deepEqual(tree.coordinates, path(9, 7, 4, 3, 1))
})

test('a better root elsewhere is followed at once when the root of the parent got worse', () => {
  const tree = new TreeState(addrOf(9), 0n)
  tree.update(announce(path(6, 1), 1n), 0)
  tree.update(announce(path(7, 5, 4, 2), 1n), 0)
  tree.evaluate(FACTS, 0n, 0)
  tree.update(announce(path(6, 3), 2n), 0)
  tree.evaluate(FACTS, 0n, 1)
  assert.deepEqual(tree.coordinates, path(9, 7, 5, 4, 2))
})

test('an unusable neighbour with the smallest root does not keep us from a usable one', () => {
  const tree = new TreeState(addrOf(9), 0n)
  tree.update(announce(path(6, 9, 0), 1n), 0)
  tree.update(announce(path(7, 3), 1n), 0)
  tree.evaluate(FACTS, 0n, 0)
  assert.deepEqual(tree.coordinates, path(9, 7, 3))
})

test('a way to a better root is taken although only the links to worse ones were measured', () => {
  const tree = new TreeState(addrOf(9), 0n)
  tree.update(announce(path(7, 3), 1n), 0)
  tree.update(announce(path(6, 1), 1n), 0)
  tree.evaluate({ costs: new Map([[addrOf(7), 1.5]]), skip: new Set() }, 0n, 0)
  assert.equal(tree.root, addrOf(1))
})

test('nobody joins below the deepest place', () => {
  const deepest = Array.from({ length: MAX_TREE_DEPTH + 1 }, (_, index) => addrOf(MAX_TREE_DEPTH - index))
  assert.equal(pathFault(announce(deepest, 1n)), undefined)
  assert.equal(pathFault(announce([addrOf(200), ...deepest], 1n)), 'too-deep')
  const tree = new TreeState(addrOf(250), 0n)
  tree.update(announce(deepest, 1n), 0)
  assert.equal(tree.evaluate(FACTS, 0n, 0), undefined)
  assert.ok(tree.isRoot)
})

test('tree peers are the parent and those who declared us', () => {
  const tree = new TreeState(addrOf(5), 0n)
  tree.update(announce(path(3, 1), 1n), 0)
  tree.update(announce(path(8, 5), 1n), 0)
  tree.update(announce(path(7, 1), 1n), 0)
  tree.evaluate(FACTS, 0n, 0)
  assert.deepEqual(
    [3, 8, 7].map((n) => tree.isTreePeer(addrOf(n))),
    [true, true, false],
  )
})

/** A connected graph: each node after the first is linked to an earlier one, plus some extra links. */
const graphs = fc.integer({ min: 2, max: 12 }).chain((size) =>
  fc.record({
    addresses: fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: size, maxLength: size }),
    earlier: fc.array(fc.nat(), { minLength: size, maxLength: size }),
    extra: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 10 }),
  }),
)

type Links = Map<TreeState, Set<TreeState>>

function meshOf({
  addresses,
  earlier,
  extra,
}: typeof graphs extends fc.Arbitrary<infer G> ? G : never): Links {
  const nodes = addresses.map((address) => new TreeState(addrOf(address), 0n))
  const links: Links = new Map(nodes.map((node) => [node, new Set()]))
  const connect = (a: TreeState, b: TreeState): void => {
    if (a === b) return
    links.get(a)!.add(b)
    links.get(b)!.add(a)
  }
  for (let i = 1; i < nodes.length; i++) connect(nodes[i]!, nodes[earlier[i]! % i]!)
  for (const [a, b] of extra) connect(nodes[a]!, nodes[b]!)
  return links
}

/** Everybody that can be reached from `node` has the smallest address among them as root, over links that exist. */
function assertAgreement(links: Links, node: TreeState): void {
  const component = new Set([node])
  for (const member of component) for (const neighbour of links.get(member)!) component.add(neighbour)
  const root = [...component].map((member) => member.self).toSorted()[0]!
  assert.equal(node.root, root)
  for (const [index, hop] of node.coordinates.slice(0, -1).entries()) {
    const above = [...component].find((other) => other.self === node.coordinates[index + 1])!
    assert.ok([...links.get(above)!].some((other) => other.self === hop))
  }
}

test('a connected mesh agrees on the smallest root, and every path in it is real', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const links = meshOf(graph)
      for (let round = 0; round < 4 * links.size; round++) exchange(links, round)
      for (const node of links.keys()) assertAgreement(links, node)
    }),
    { numRuns: 60, seed: 5 },
  )
})

test('when the root leaves, each part of the mesh that remains agrees on a new one', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const links = meshOf(graph)
      const rounds = 4 * links.size
      for (let round = 0; round < rounds; round++) exchange(links, round)
      const root = [...links.keys()].find((node) => node.isRoot)!
      for (const neighbour of links.get(root)!) {
        links.get(neighbour)!.delete(root)
        neighbour.remove(root.self)
      }
      links.delete(root)
      for (let round = rounds; round < 4 * rounds; round++) exchange(links, round)
      for (const node of links.keys()) assertAgreement(links, node)
    }),
    { numRuns: 60, seed: 6 },
  )
})

/** Every node hears its neighbours' present announces and decides. */
function exchange(links: ReadonlyMap<TreeState, ReadonlySet<TreeState>>, round: number): void {
  for (const [node, neighbours] of links) {
    for (const neighbour of neighbours) {
      const { declaration } = neighbour
      node.update({ declaration, ancestry: neighbour.ancestry(), signature: new Uint8Array(64) }, 0)
    }
    node.evaluate(FACTS, BigInt(round), round * 60_000)
  }
}

test('no announce is fresh twice', () => {
  const tree = new TreeState(addrOf(9), 0n)
  const first: TreeAnnounce = announce(path(6, 1), 3n)
  assert.ok(tree.update(first, 0))
  assert.ok(!tree.isFresh(first.declaration))
  tree.remove(addrOf(6) satisfies NodeAddr)
  assert.ok(tree.update(announce(path(6, 1), 1n), 0), 'a neighbour that left starts again')
})
