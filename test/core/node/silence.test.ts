/** A neighbour that stops reporting is passed by and met again within seconds, long before its link is dead. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseParent, chooseRoute, type Hop, type NodeAddr } from '../../../core/index.ts'
import { TestMesh, type TestNode } from '../../support/mesh.ts'
import { addrOf } from '../addr.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** Longest time after the last report in which a neighbour counts as heard, on a link that loses nothing. */
const NOTICED = 5 * SECOND

test('a peer that restarted and only listens is met again at once, whoever dialled', () => {
  const mesh = new TestMesh({ seed: 21 })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  mesh.connect(a, b)
  mesh.run(MINUTE)
  for (const [stays, comesBack] of [
    [a, b],
    [b, a],
  ] as const) {
    mesh.crash(comesBack)
    mesh.run(SECOND)
    mesh.restart(comesBack)
    const isMet = () => mesh.isLinked(stays, comesBack)
    assert.ok(mesh.runUntil(isMet, NOTICED), 'the link that it has forgotten is offered new keys')
    mesh.run(MINUTE)
  }
})

/** Three in a ring: the root, and two that both hang on it. */
function ring(seed: number): { mesh: TestMesh; root: TestNode; left: TestNode; right: TestNode } {
  const mesh = new TestMesh({ seed })
  const [root, left, right] = mesh.addNodes(3).toSorted((a, b) => (a.addr < b.addr ? -1 : 1))
  assert.ok(root && left && right)
  for (const [a, b] of [
    [root, left],
    [root, right],
    [left, right],
  ] as const)
    mesh.connect(a, b)
  mesh.run(MINUTE)
  assert.equal(left.node.views.tree().parent, root.addr)
  assert.equal(right.node.views.tree().parent, root.addr)
  return { mesh, root, left, right }
}

test('a silent parent gives way to another at once, and has its child back when it is heard', () => {
  const { mesh, root, left, right } = ring(22)
  const wire = mesh.join(root, left)
  wire.isCut = true
  const passesBy = () => left.node.views.tree().parent === right.addr
  assert.ok(mesh.runUntil(passesBy, NOTICED))
  assert.ok(mesh.hasOneRoot())
  wire.isCut = false
  mesh.run(2 * MINUTE)
  assert.equal(left.node.views.tree().parent, root.addr)
  const downs = left.events.filter((event) => event.type === 'peer-down')
  assert.deepEqual(downs, [], 'the link was never given up')
})

test('loss alone silences nobody for long, and ends no link', () => {
  const mesh = new TestMesh({ seed: 23 })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  mesh.connect(a, b, { loss: 0.3 })
  mesh.run(MINUTE)
  let isSilent = 0
  const LOOKS = 600
  for (let look = 0; look < LOOKS; look++) {
    mesh.run(SECOND)
    if (a.node.views.peers()[0]?.connectivity === 'stale') isSilent++
  }
  assert.ok(isSilent < LOOKS / 100, `${isSilent} of ${LOOKS} looks`)
  assert.deepEqual(
    a.events.filter((event) => event.type === 'peer-down'),
    [],
  )
})

test('a silent parent is kept where no other leads to the root', () => {
  const question = {
    self: addrOf(9),
    parent: addrOf(1),
    paths: new Map([[addrOf(1), [addrOf(1), addrOf(0)]]]),
    costs: new Map<NodeAddr, number>(),
    silent: new Set([addrOf(1)]),
    skip: new Set<NodeAddr>(),
    hysteresis: 0.2,
  }
  assert.deepEqual(chooseParent(question), { type: 'keep' })
  const other = [addrOf(2), addrOf(3), addrOf(4), addrOf(0)]
  const paths = new Map([...question.paths, [addrOf(2), other] as const])
  assert.deepEqual(chooseParent({ ...question, paths }), { type: 'mandatory', parent: addrOf(2) })
  const islander = [addrOf(2), addrOf(5)]
  const apart = new Map([...question.paths, [addrOf(2), islander] as const])
  assert.deepEqual(chooseParent({ ...question, paths: apart }), { type: 'keep' })
})

test('a route goes by whoever is heard, and over the silent where nobody else is closer', () => {
  const hop = (n: number, isSilent: boolean): Hop => ({
    addr: addrOf(n),
    coordinates: [addrOf(n), addrOf(0)],
    filter: undefined,
    cost: 1,
    canSend: true,
    isSilent,
  })
  const via = (destination: number, neighbours: readonly Hop[]): NodeAddr | undefined => {
    const route = chooseRoute({
      position: [addrOf(8), addrOf(7), addrOf(6), addrOf(0)],
      destination: addrOf(destination),
      destinationPosition: [addrOf(destination), addrOf(0)],
      neighbours,
    })
    return route.type === 'forward' ? route.via.addr : undefined
  }
  assert.equal(via(1, [hop(1, true), hop(2, false)]), addrOf(2))
  assert.equal(via(1, [hop(1, true)]), addrOf(1))
  assert.equal(via(3, [hop(1, true), hop(2, false)]), addrOf(2))
  assert.equal(via(3, [hop(1, true)]), addrOf(1))
})
