/** Nodes on a slow medium, a gateway, and one beyond it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestMesh } from '../../support/mesh.ts'
import type { TestNode } from '../../support/mesh.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
/** Bytes of the frame. */
const HEARTBEAT = 37

interface Island {
  readonly mesh: TestMesh
  readonly overlay: TestNode
  /** Frames on the slow medium. */
  onAir(): readonly number[]
}

function island(seed: number, loss: number, confirmsAfterMs?: number): Island {
  const mesh = new TestMesh({ seed })
  const gateway = mesh.addNode()
  for (const radio of mesh.addNodes(3)) {
    mesh.connect(radio, gateway, {
      profile: 'constrained',
      latencyMs: 900,
      jitterMs: 1500,
      loss,
      confirmsAfterMs,
    })
  }
  const overlay = mesh.addNode()
  mesh.connect(overlay, gateway)
  mesh.isTracing = true
  const onAir = (): readonly number[] =>
    mesh.trace
      .filter((sent) => sent.from !== overlay && sent.to !== overlay.name)
      .map((sent) => sent.frame.length)
  return { mesh, overlay, onAir }
}

function settled({ mesh }: Island): boolean {
  return (
    mesh.hasOneRoot() &&
    mesh.nodes.every(({ node }) => node.views.status().estimatedMeshSize === mesh.nodes.length)
  )
}

test('an island and the overlay know each other within half a minute, at little more than one filter each way', () => {
  for (let seed = 1; seed <= 4; seed++) {
    const world = island(seed, 0)
    assert.ok(
      world.mesh.runUntil(() => settled(world), 40 * SECOND),
      `seed ${seed}`,
    )
    world.mesh.run(2 * MINUTE)
    const filters = world.onAir().filter((bytes) => bytes > 1000).length
    assert.ok(filters <= 8, `seed ${seed}: ${filters} filters on air`)
  }
})

test('an idle slow link carries three heartbeats an hour each way, and little else', () => {
  const world = island(5, 0, 3 * SECOND)
  assert.ok(world.mesh.runUntil(() => settled(world), MINUTE))
  world.mesh.run(40 * MINUTE)
  world.mesh.trace.length = 0
  world.mesh.run(60 * MINUTE)
  const perLink = world.onAir().length / 3
  const bytes = world.onAir().reduce((sum, length) => sum + length, 0) / 3
  assert.ok(perLink <= 6 && bytes <= 6 * HEARTBEAT, `${perLink} frames, ${bytes} bytes an hour on each link`)
  assert.ok(settled(world))
})

test('a slow medium that loses every fifth frame still comes up', () => {
  for (let seed = 1; seed <= 3; seed++) {
    const world = island(seed, 0.2)
    const linked = (): boolean =>
      world.mesh.nodes.every(({ node }) => node.views.peers().length > 0) && world.mesh.hasOneRoot()
    assert.ok(world.mesh.runUntil(linked, 15 * MINUTE), `seed ${seed}`)
  }
})
