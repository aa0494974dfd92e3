/** The steps of a probe, as the node takes them one by one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeInput } from '../../../core/index.ts'
import { TestMesh, type TestNode } from '../../support/mesh.ts'

const SECOND = 1000

type Act = Extract<NodeInput, { type: 'probe' }>['act']

test('a node is looked up, greeted and measured without traffic, and left as it was', () => {
  const mesh = new TestMesh({ seed: 2 })
  const [from, middle, to] = [mesh.addNode(), mesh.addNode(), mesh.addNode()]
  mesh.connect(from, middle)
  mesh.connect(middle, to)
  mesh.run(5 * SECOND)
  const views = from.node.views.mesh
  const act = (what: Act): void => mesh.input(from, { type: 'probe', peer: to.identity.publicKey, act: what })
  const sessions = (node: TestNode): number => node.node.views.mesh.sessions().length

  const unknown = views.reach(to.addr)
  assert.deepEqual(
    [unknown.coordinates, unknown.route.type, unknown.lookupPeers],
    [undefined, 'unknown-position', 1],
  )
  act('look-up')
  assert.ok(mesh.runUntil(() => views.reach(to.addr).coordinates !== undefined, SECOND))
  const { route } = views.reach(to.addr)
  assert.ok(route.type === 'forward' && route.via === middle.addr)

  act('greet')
  assert.ok(mesh.runUntil(() => views.sessions()[0]?.state === 'established', SECOND))
  act('warm-up')
  assert.ok(mesh.runUntil(() => (views.sessions()[0]?.mmp?.reports.rttSamples ?? 0) > 0, 5 * SECOND))
  const { stats, mmp } = views.sessions()[0]!
  assert.equal(stats.packetsSent, 0)
  assert.ok(mmp!.reports.lastRttMs! >= 40)

  act('hang-up')
  assert.equal(sessions(from), 0)
  mesh.run(20 * SECOND)
  assert.equal(sessions(from), 0, 'what the other end still says in it opens no other')
  act('warm-up')
  act('hang-up')
  assert.equal(views.reach(from.addr).route.type, 'local')
})
