/** Which path a link takes when there are several, and when a peer is dialled at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipv6Of, type NodeInput } from '../../../core/index.ts'
import { TestMesh, type TestNode, type Wire } from '../../support/mesh.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const [STOCK, CONSTRAINED] = [1, 2]

interface World {
  readonly mesh: TestMesh
  readonly a: TestNode
  readonly b: TestNode
  readonly fast: Wire
  readonly slow: Wire
}

function twoPaths(seed: number): World {
  const mesh = new TestMesh({ seed })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  const fast = mesh.join(a, b, { profile: 'stock' })
  const slow = mesh.join(a, b, { profile: 'constrained', latencyMs: 300 })
  return { mesh, a, b, fast, slow }
}

function connect(
  { mesh }: World,
  from: TestNode,
  to: TestNode,
  transports: readonly number[],
  given: Partial<Extract<NodeInput, { type: 'connect' }>> = {},
): void {
  const paths = transports.map((transportId, priority) => ({ transportId, addr: to.name, priority }))
  mesh.input(from, { type: 'connect', peer: to.identity.publicKey, paths, persistent: true, ...given })
}

function transportOf(node: TestNode): number | undefined {
  return node.node.views.peers()[0]?.transportId
}

function downs(node: TestNode): number {
  return node.events.filter(({ type }) => type === 'peer-down').length
}

for (const seed of [1, 2, 3, 4]) {
  test(`connect on a connected peer moves the link to the path it names, without a break (${seed})`, () => {
    const world = twoPaths(seed)
    const { mesh, a, b } = world
    connect(world, a, b, [CONSTRAINED])
    assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), 2 * MINUTE))
    mesh.run(MINUTE)
    connect(world, a, b, [STOCK], { persistent: false })
    assert.ok(mesh.runUntil(() => transportOf(a) === STOCK && transportOf(b) === STOCK, MINUTE))
    mesh.run(MINUTE)
    assert.deepEqual([downs(a), downs(b)], [0, 0])
    assert.equal(
      mesh.nodes.every(({ node }) => node.views.status().estimatedMeshSize === 2),
      true,
    )
  })
}

test('a path that does not answer leaves the link where it is', () => {
  const world = twoPaths(5)
  const { mesh, a, b, fast } = world
  connect(world, a, b, [CONSTRAINED])
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), 2 * MINUTE))
  fast.isCut = true
  connect(world, a, b, [STOCK], { persistent: false })
  mesh.run(5 * MINUTE)
  assert.deepEqual([transportOf(a), downs(a), downs(b)], [CONSTRAINED, 0, 0])
})

test('of several media the preferred one is taken back when it is there again, and a lesser one is not tried', () => {
  const world = twoPaths(6)
  const { mesh, a, b, fast } = world
  fast.isCut = true
  connect(world, a, b, [STOCK, CONSTRAINED])
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), 4 * MINUTE))
  assert.equal(transportOf(a), CONSTRAINED)
  fast.isCut = false
  connect(world, a, b, [STOCK, CONSTRAINED])
  assert.ok(mesh.runUntil(() => transportOf(b) === STOCK, MINUTE))
  mesh.isTracing = true
  connect(world, a, b, [STOCK, CONSTRAINED])
  mesh.run(SECOND)
  assert.ok(!mesh.trace.some(({ frame }) => frame[0] === 0x01), 'no handshake for a lesser path')
  assert.equal(downs(a), 0)
})

function ping(world: World, from: TestNode, to: TestNode): void {
  const packet = new Uint8Array(48)
  packet.set([0x60, 0, 0, 0, 0, 8, 58, 64])
  packet.set(from.identity.ipv6, 8)
  packet.set(ipv6Of(to.addr), 24)
  world.mesh.input(from, { type: 'identity', publicKey: to.identity.publicKey })
  world.mesh.input(from, { type: 'packet', packet })
}

test('a peer on demand is dialled when traffic for it waits, and not before nor after', () => {
  const world = twoPaths(7)
  const { mesh, a, b } = world
  connect(world, a, b, [STOCK], { isOnDemand: true })
  mesh.run(10 * MINUTE)
  assert.equal(a.node.views.links().length, 0)
  ping(world, a, b)
  assert.ok(mesh.runUntil(() => b.outputs.some(({ type }) => type === 'packet'), 5 * SECOND))
  mesh.input(b, { type: 'disconnect', peer: a.addr })
  mesh.run(10 * MINUTE)
  assert.equal(a.node.views.links().length, 0, 'it is not dialled for nothing')
  ping(world, a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), 5 * SECOND))
})
