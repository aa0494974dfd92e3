/**
 * A mesh that is longer than its links can tell of: whoever finds no place below its neighbours makes a tree with those
 * beyond, everybody hears its neighbours, and then there is silence.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { LinkProfile, PartialNodeConfig } from '../../../core/index.ts'
import { standInCrypto } from '../../sim/stand-in-crypto.ts'
import { TestMesh, type TestNode } from '../../support/mesh.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

const capped = (maxDepth: number): PartialNodeConfig => ({ tree: { maxDepth, reevalIntervalSecs: 0 } })

/** A chain that begins with the smallest address, so that the first tree grows from its end. */
function chain(
  length: number,
  config: PartialNodeConfig,
  { profile = 'stock', ...options }: { seed: number; mtu?: number; profile?: LinkProfile },
): Chain {
  const mesh = new TestMesh({ ...options, config, crypto: standInCrypto })
  const nodes = [...mesh.addNodes(length)].sort((a, b) => (a.addr < b.addr ? -1 : 1))
  for (const [i, node] of nodes.slice(1).entries()) mesh.connect(nodes[i]!, node, { profile })
  return { mesh, nodes }
}

interface Chain {
  readonly mesh: TestMesh
  readonly nodes: readonly TestNode[]
}

const depths = ({ nodes }: Chain): readonly number[] => nodes.map(({ node }) => node.views.tree().depth)
const rootOf = ({ node }: TestNode): string => node.views.tree().root
const announcesOf = ({ nodes }: Chain): number =>
  nodes.reduce((sum, { node }) => sum + node.views.counters().tree.sent, 0)

const EDGES = [
  { what: 'one node fewer than the depth allows', cap: 4, length: 4, expected: [0, 1, 2, 3] },
  { what: 'as many as it allows', cap: 4, length: 5, expected: [0, 1, 2, 3, 4] },
  { what: 'one more', cap: 4, length: 6, expected: [0, 1, 2, 3, 4, 1] },
  { what: 'twice as many', cap: 4, length: 9, expected: [0, 1, 2, 3, 4, 1, 2, 3, 4] },
  // 136 bytes, and 32 for each node on the path.
  {
    what: 'frames that hold three links to the root',
    cap: 64,
    mtu: 264,
    length: 4,
    expected: [0, 1, 2, 3],
  },
  { what: 'frames that lack one byte for it', cap: 64, mtu: 263, length: 4, expected: [0, 1, 2, 1] },
]

for (const { what, cap, length, mtu, expected } of EDGES) {
  test(`the last place of a tree: ${what}`, () => {
    const world = chain(length, capped(cap), { seed: 3, ...(mtu === undefined ? {} : { mtu }) })
    world.mesh.run(MINUTE)
    assert.deepEqual(depths(world), expected)
  })
}

test('on a radio a tree is no deeper than its airtime allows, whatever its frames would hold', () => {
  const world = chain(26, capped(64), { seed: 3, profile: 'constrained' })
  world.mesh.run(30 * MINUTE)
  assert.deepEqual(
    depths(world),
    world.nodes.map((_, i) => (i < 24 ? i : i - 23)),
  )
})

test('beyond the last place neighbours take the last node for a root, and everybody reaches everybody', () => {
  const world = chain(9, capped(4), { seed: 3 })
  const { mesh, nodes } = world
  mesh.run(MINUTE)
  const last = nodes[4]!
  assert.ok(nodes.slice(5).every((node) => rootOf(node) === last.addr))
  const told = last.node.views.peers().filter(({ isToldCut }) => isToldCut)
  assert.deepEqual(
    told.map(({ nodeAddr }) => nodeAddr),
    [nodes[5]!.addr],
  )
  assert.ok(last.node.views.counters().tree.pathsCut >= 1)
  for (const from of nodes) {
    for (const to of nodes) {
      if (from === to) continue
      mesh.input(from, {
        type: 'datagram',
        to: to.identity.publicKey,
        sourcePort: 9,
        destinationPort: 9,
        payload: new Uint8Array(8),
      })
    }
  }
  mesh.run(MINUTE)
  for (const node of nodes)
    assert.equal(node.outputs.filter(({ type }) => type === 'datagram').length, nodes.length - 1)
})

test('when the root beyond the reach of some is gone, nobody goes on believing in it', () => {
  const world = chain(9, capped(4), { seed: 3 })
  const { mesh, nodes } = world
  mesh.run(MINUTE)
  mesh.crash(nodes[0]!)
  mesh.run(MINUTE)
  const [, ...left] = nodes
  assert.deepEqual(
    left.map(rootOf),
    left.map((_, i) => (i < 5 ? nodes[1] : nodes[5])!.addr),
  )
})

test('a chain of any order settles in as few trees as it can be asked to, and is quiet', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 2, max: 14 }),
      fc.nat(1000),
      (cap, length, seed) => {
        const mesh = new TestMesh({ seed, config: capped(cap), crypto: standInCrypto })
        const nodes = mesh.addNodes(length)
        for (const [i, node] of nodes.slice(1).entries()) mesh.connect(nodes[i]!, node)
        const world = { mesh, nodes }
        mesh.run(2 * MINUTE)
        assert.ok(depths(world).every((depth) => depth <= cap))
        // A tree has `cap` links either way of its root, unless a better one is in the way; then it fills what is between.
        const trees = new Set(nodes.map(rootOf)).size
        assert.ok(trees >= Math.ceil(length / (2 * cap + 1)), `${trees} trees`)
        assert.ok(trees <= 2 * Math.floor(length / (cap + 1)) + 1, `${trees} trees`)
        const sent = announcesOf(world)
        mesh.run(5 * MINUTE)
        assert.equal(announcesOf(world), sent)
      },
    ),
    { numRuns: 12, seed: 4 },
  )
})

test('a neighbour deeper than we believe is answered for like one that says nothing', () => {
  const { mesh, nodes } = chain(4, capped(64), { seed: 3 })
  const last = nodes[3]!
  let shallow: TestNode
  do shallow = mesh.addNode({}, capped(1))
  while (shallow.addr < last.addr)
  mesh.connect(shallow, last)
  mesh.run(MINUTE)
  const { views } = shallow.node
  assert.ok(views.tree().isRoot)
  assert.ok(views.counters().tree.tooDeep >= 1)
  assert.deepEqual(views.bloom().leafDependents, [last.addr])
})
