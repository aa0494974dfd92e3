/** Peers without a place in the tree: found in our filters, kept on their link, and placed when they speak. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  concatBytes,
  decodeSessionDatagram,
  decodeSessionPayload,
  encodeLinkReceiverReport,
  encodeLinkSenderReport,
  encodeSessionDatagram,
  encodeSessionHandshake,
  LINK_MESSAGE_TYPES,
  ipv6Of,
  XkInitiator,
  type PartialNodeConfig,
} from '../../../core/index.ts'
import { TestMesh, type TestNode } from '../../support/mesh.ts'
import { Microcontroller } from './microcontroller.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** A microcontroller on the gateway, which hangs on a hub with another node behind it. */
function world(
  seed: number,
  config: PartialNodeConfig = {},
): { mesh: TestMesh; gateway: TestNode; far: TestNode; leaf: Microcontroller } {
  const mesh = new TestMesh({ seed, config })
  const [gateway, hub, far] = [mesh.addNode(), mesh.addNode(), mesh.addNode()]
  mesh.connect(gateway, hub)
  mesh.connect(hub, far)
  mesh.run(20 * SECOND)
  return { mesh, gateway, far, leaf: new Microcontroller(mesh, gateway, 0x11 + seed) }
}

/** Nodes it can reach by the filters it has, itself included. */
function reached(node: TestNode): number | undefined {
  return node.node.views.status().estimatedMeshSize
}

test('a microcontroller that ignores announces is in the filters of everybody, until it goes', () => {
  const { mesh, gateway, far, leaf } = world(1)
  leaf.start()
  assert.ok(leaf.isLinked)
  assert.equal(reached(far), 3)
  leaf.run(20 * SECOND)
  assert.deepEqual(gateway.node.views.bloom().leafDependents, [leaf.identity.nodeAddr])
  assert.equal(reached(far), 4)
  mesh.run(MINUTE)
  assert.deepEqual(gateway.node.views.bloom().leafDependents, [], 'it fell silent')
  assert.equal(reached(far), 3)
})

test('a leaf that started again is greeted at once by whoever was greeting it, however rarely by then', () => {
  const { mesh, gateway, leaf } = world(3)
  leaf.start()
  leaf.run(20 * SECOND)
  const greetings = (): number => leaf.messages(LINK_MESSAGE_TYPES['session-datagram']).length
  const to = leaf.identity.publicKey
  const greet = {
    type: 'datagram',
    to,
    sourcePort: 9,
    destinationPort: 9,
    payload: new Uint8Array(8),
  } as const
  mesh.input(gateway, greet)
  leaf.run(10 * SECOND)
  assert.ok(greetings() > 2)
  leaf.start()
  leaf.run(SECOND)
  assert.equal(greetings(), 1)
  leaf.run(29 * SECOND)
  assert.ok(greetings() > 3, 'and as often and as long as at first')
})

test('a peer that announces itself late is no leaf any more', () => {
  const mesh = new TestMesh({ seed: 7 })
  const [a, b] = [mesh.addNode(), mesh.addNode()]
  // All but heartbeats and reports of b are lost.
  const wire = mesh.connect(a, b, { drops: (frame) => frame.length > 110 && frame[0] === 0 })
  mesh.run(15 * SECOND)
  assert.deepEqual(a.node.views.bloom().leafDependents, [b.addr])
  assert.deepEqual(b.node.views.bloom().leafDependents, [a.addr])
  wire.drops = undefined
  mesh.run(2 * MINUTE)
  assert.deepEqual(a.node.views.bloom().leafDependents, [])
  assert.ok(a.node.views.peers()[0]?.hasBloomFilter === true && b.node.views.peers()[0]?.hasBloomFilter)
  assert.ok(mesh.hasOneRoot())
})

for (const mode of ['full', 'lightweight', 'minimal'] as const) {
  test(`a leaf hears heartbeats and sender reports, and its reports are answered (mmp mode ${mode})`, () => {
    const { leaf } = world(2, { mmp: { mode } })
    leaf.start()
    leaf.run(30 * SECOND)
    leaf.heard.length = 0
    leaf.run(30 * SECOND)
    assert.ok(leaf.messages(LINK_MESSAGE_TYPES.heartbeat).length >= 2)
    assert.ok(leaf.messages(LINK_MESSAGE_TYPES['sender-report']).length >= 2)
    const answersBefore = leaf.messages(LINK_MESSAGE_TYPES['receiver-report']).length
    leaf.send(senderReport(false))
    leaf.run(6 * SECOND)
    assert.ok(leaf.messages(LINK_MESSAGE_TYPES['receiver-report']).length > answersBefore)
    assert.equal(leaf.messages(LINK_MESSAGE_TYPES['filter-announce']).length, 0, 'nothing it cannot read')
  })
}

test('a report whose type byte stands twice is read like any other', () => {
  const { gateway, leaf } = world(3)
  leaf.start()
  leaf.run(SECOND)
  leaf.send(senderReport(true))
  leaf.send(concatBytes(Uint8Array.of(2), encodeLinkReceiverReport(EMPTY_RECEIVER_REPORT)))
  const { mmp } = gateway.node.views.counters()
  assert.equal(mmp.decodeError, 0)
  assert.deepEqual([mmp.senderReports > 0, mmp.receiverReports > 0], [true, true])
})

test('a leaf is not asked for new keys again after it left one rekey unanswered', () => {
  const { gateway, leaf } = world(4)
  leaf.start()
  leaf.run(20 * MINUTE)
  const { handshake } = gateway.node.views.counters()
  assert.equal(handshake.rekeyAbandoned, 1)
  assert.ok(leaf.msg1sIgnored >= 1 && leaf.msg1sIgnored <= 6)
  assert.deepEqual(gateway.node.views.bloom().leafDependents, [leaf.identity.nodeAddr])
})

const RESTARTS: Readonly<Record<string, (leaf: Microcontroller) => void>> = {
  'a second on': (leaf) => leaf.run(SECOND),
  'a minute on': (leaf) => leaf.run(MINUTE),
  'amid our rekey': (leaf) => {
    while (leaf.msg1sIgnored === 0) leaf.run(SECOND)
  },
  'after our rekey came to nothing': (leaf) => leaf.run(5 * MINUTE),
}

for (const [when, passTime] of Object.entries(RESTARTS)) {
  test(`a microcontroller that starts again ${when}, with the same epoch, is served at once`, () => {
    for (let seed = 1; seed <= 4; seed++) {
      const { mesh, gateway, leaf } = world(seed)
      leaf.start()
      passTime(leaf)
      leaf.start()
      assert.ok(leaf.isLinked, `seed ${seed}: answered`)
      leaf.run(SECOND)
      mesh.input(gateway, datagramTo(leaf))
      leaf.run(SECOND)
      assert.ok(leaf.messages(LINK_MESSAGE_TYPES['session-datagram']).length > 0, `seed ${seed}: spoken to`)
    }
  })
}

test('a leaf greets a node two hops beyond its gateway, and the answer finds back to it', () => {
  const { gateway, far, leaf } = world(5)
  leaf.start()
  leaf.run(15 * SECOND)
  greet(leaf, far)
  leaf.run(2 * SECOND)
  // Nobody had told the gateway where that node is: it asked, and the next try goes through.
  greet(leaf, far)
  leaf.run(2 * SECOND)
  const answer = leaf
    .messages(LINK_MESSAGE_TYPES['session-datagram'])
    .flatMap((message) => {
      const datagram = decodeSessionDatagram(message)
      const payload = datagram.ok ? decodeSessionPayload(datagram.value.payload) : datagram
      return payload.ok && payload.value.type === 'ack' ? [payload.value] : []
    })
    .at(-1)
  assert.deepEqual(answer?.source, far.node.views.tree().coordinates)
  assert.deepEqual(answer.destination, [leaf.identity.nodeAddr, ...gateway.node.views.tree().coordinates])
})

function greet(leaf: Microcontroller, to: TestNode): void {
  const { identity } = leaf
  const init = { identity, ephemeralSecret: new Uint8Array(32).fill(0x55), epoch: new Uint8Array(8) }
  const payload = encodeSessionHandshake({
    type: 'setup',
    requestAck: false,
    bidirectional: false,
    source: [identity.nodeAddr],
    destination: [to.addr],
    noise: new XkInitiator(init, to.identity.publicKey).writeMsg1(),
  })
  const source = identity.nodeAddr
  leaf.send(encodeSessionDatagram({ ttl: 64, pathMtu: 1400, source, destination: to.addr, payload }))
}

/** A packet of the gateway's own host for the leaf, whose session has to be opened first. */
function datagramTo(leaf: Microcontroller): {
  readonly type: 'datagram'
  readonly to: Uint8Array
  readonly sourcePort: number
  readonly destinationPort: number
  readonly payload: Uint8Array
} {
  const payload = ipv6Of(leaf.identity.nodeAddr)
  return { type: 'datagram', to: leaf.identity.publicKey, sourcePort: 7, destinationPort: 7, payload }
}

function senderReport(isDoubled: boolean): Uint8Array {
  const report = encodeLinkSenderReport({
    intervalStartCounter: 0n,
    intervalEndCounter: 1n,
    intervalStartTimestamp: 0,
    intervalEndTimestamp: 1,
    intervalBytesSent: 40,
    cumulativePacketsSent: 1n,
    cumulativeBytesSent: 40n,
  })
  return isDoubled ? concatBytes(report.subarray(0, 1), report) : report
}

const EMPTY_RECEIVER_REPORT = {
  highestCounter: 0n,
  cumulativePacketsReceived: 1n,
  cumulativeBytesReceived: 40n,
  timestampEcho: 0,
  dwellTime: 0,
  maxBurstLoss: 0,
  meanBurstLoss: 0,
  jitter: 0,
  ecnCeCount: 0,
  owdTrend: 0,
  burstLossCount: 0,
  cumulativeReorderCount: 0,
  intervalPacketsReceived: 1,
  intervalBytesReceived: 40,
}
