/** Frames that come again: a lost answer, a replayed handshake, a replayed frame, a peer that moved. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestMesh } from '../../support/mesh.ts'
import type { SentFrame, TestNode } from '../../support/mesh.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const ESTABLISHED = 0x00
const MSG1 = 0x01
const MSG2 = 0x02

function linkedPair(seed: number): [TestMesh, TestNode, TestNode] {
  const mesh = new TestMesh({ seed })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  mesh.isTracing = true
  mesh.connect(a, b)
  assert.ok(mesh.runUntil(() => mesh.isLinked(a, b), SECOND))
  return [mesh, a, b]
}

function sent(mesh: TestMesh, from: TestNode, phase: number): readonly SentFrame[] {
  return mesh.trace.filter((frame) => frame.from === from && frame.frame[0] === phase)
}

function inject(mesh: TestMesh, to: TestNode, from: string, frame: Uint8Array | undefined): void {
  assert.ok(frame !== undefined)
  mesh.input(to, { type: 'frame', transportId: 1, from, frame: frame.slice() })
}

test('a repeated msg1 is answered with the same msg2, whatever parity its ephemeral key is given', () => {
  const mesh = new TestMesh({ seed: 1 })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  mesh.isTracing = true
  mesh.dial(a, b)
  const wire = mesh.join(a, b)
  mesh.dial(a, b)
  wire.isCut = true
  const msg1 = sent(mesh, a, MSG1)[0]?.frame
  assert.ok(msg1 !== undefined)
  inject(mesh, b, a.name, msg1)
  inject(mesh, b, a.name, msg1)
  const turned = msg1.slice()
  turned[8] = (turned[8] ?? 0) ^ 1
  inject(mesh, b, a.name, turned)
  const answers = sent(mesh, b, MSG2).map((answer) => answer.frame.join())
  assert.equal(answers.length, 3)
  assert.equal(new Set(answers).size, 1)
  assert.equal(b.node.views.connections().length, 1)
  assert.equal(b.node.views.counters().handshake.msg1Answered, 1)
})

test('an old msg1 that comes again neither cuts the link nor moves it', () => {
  const [mesh, a, b] = linkedPair(2)
  const msg1 = sent(mesh, a, MSG1)[0]?.frame
  for (let minute = 0; minute < 20; minute++) {
    inject(mesh, b, 'elsewhere', msg1)
    mesh.run(MINUTE)
  }
  assert.ok(mesh.isLinked(a, b))
  assert.equal(b.node.views.peers()[0]?.transportAddr, a.name)
  assert.deepEqual(
    [...a.events, ...b.events].filter((event) => event.type === 'peer-down'),
    [],
  )
  assert.ok(
    b.events.filter((event) => event.type === 'rekeyed').length >= 5,
    'rekeys go on, although replayed messages ask for others',
  )
})

test('a frame that comes again is counted and dropped', () => {
  const [mesh, a, b] = linkedPair(3)
  mesh.run(SECOND)
  const frame = sent(mesh, a, ESTABLISHED)[0]?.frame
  for (let i = 0; i < 50; i++) inject(mesh, b, a.name, frame)
  assert.equal(b.node.views.counters().link.replayed, 50)
  assert.equal(b.node.views.peers()[0]?.replaySuppressed, 50)
  assert.equal(b.node.views.peers()[0]?.consecutiveDecryptFailures, 0)
  assert.ok(mesh.isLinked(a, b))
})

test('forged frames are counted by reason, and a hundred of them end nothing', () => {
  const [mesh, a, b] = linkedPair(4)
  const genuine = sent(mesh, a, ESTABLISHED)[0]?.frame
  assert.ok(genuine !== undefined)
  for (let i = 0; i < 100; i++) {
    const forged = genuine.slice()
    forged[8] = 200 + (i % 50)
    inject(mesh, b, a.name, forged)
  }
  inject(mesh, b, a.name, genuine.subarray(0, 20))
  inject(mesh, b, a.name, Uint8Array.of(...genuine, 0))
  const stranger = genuine.slice()
  stranger[4] = (stranger[4] ?? 0) ^ 0xff
  inject(mesh, b, a.name, stranger)
  const { link } = b.node.views.counters()
  assert.equal(link.decryptFailed, 100)
  assert.equal(link.malformed, 1)
  assert.equal(link.payloadLenMismatch, 1)
  assert.equal(link.unknownIndex, 1)
  mesh.run(MINUTE)
  assert.ok(mesh.isLinked(a, b))
})

test('a peer is followed to the address of its latest frame, and only of that', () => {
  const [mesh, a, b] = linkedPair(5)
  mesh.run(SECOND)
  const old = sent(mesh, a, ESTABLISHED)[0]?.frame
  const before = sent(mesh, a, ESTABLISHED).length
  b.node.views.peers()
  mesh.runUntil(() => sent(mesh, a, ESTABLISHED).length > before, 20 * SECOND)
  const latest = sent(mesh, a, ESTABLISHED).at(-1)?.frame
  inject(mesh, b, 'new-address', latest)
  assert.equal(b.node.views.peers()[0]?.transportAddr, 'new-address')
  inject(mesh, b, 'third-address', old)
  assert.equal(b.node.views.peers()[0]?.transportAddr, 'new-address')
})

for (const afterMs of [10 * SECOND, 40 * SECOND, 3 * MINUTE]) {
  test(`a peer that forgot the link ${afterMs / SECOND} s on, but not its epoch, is taken back and told everything again`, () => {
    for (let seed = 1; seed <= 4; seed++) {
      const [mesh, a, b] = linkedPair(seed)
      mesh.run(afterMs)
      forgetLinks(mesh, b)
      mesh.dial(b, a)
      const knows = (node: TestNode): boolean => {
        const peer = node.node.views.peers()[0]
        return peer?.hasTreePosition === true && peer.hasBloomFilter && peer.highestReceivedCounter > 2n
      }
      assert.ok(
        mesh.runUntil(() => knows(a) && knows(b), 20 * SECOND),
        `seed ${seed}`,
      )
      const downs = a.events.filter((event) => event.type === 'peer-down')
      assert.deepEqual(downs, [], `seed ${seed}: a never lost it`)
    }
  })
}

function forgetLinks(mesh: TestMesh, node: TestNode): void {
  const admission = { acceptConnections: true, autoConnect: false, listedOnly: false }
  mesh.input(node, { type: 'transport-down', transportId: 1 })
  mesh.input(node, {
    type: 'transport-up',
    transport: { id: 1, kind: 'udp', mtu: 1472, profile: 'stock', admission },
  })
}
