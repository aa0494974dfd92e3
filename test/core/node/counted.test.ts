/** What a neighbour says that leads to nothing is counted under the reference's name for it, once, and under no other. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BloomFilter,
  encodeFilterAnnounce,
  encodeLookupRequest,
  encodeLookupResponse,
  encodeSessionDatagram,
  encodeSignal,
  encodeTreeAnnounce,
  FILTER_BYTES,
  LINK_MESSAGE_TYPES,
  nobleCrypto,
  signDeclaration,
  type LookupRequest,
  type NodeAddr,
} from '../../../core/index.ts'
import { TestMesh, type TestNode } from '../../support/mesh.ts'
import { addrOf } from '../addr.ts'
import { Microcontroller } from './microcontroller.ts'

const SECOND = 1000

interface World {
  readonly host: TestNode
  readonly other: TestNode
  readonly guest: Microcontroller
}

function world(): World {
  const mesh = new TestMesh({ seed: 6 })
  const [host, other] = [mesh.addNode(), mesh.addNode()]
  mesh.connect(host, other)
  const guest = new Microcontroller(mesh, host, 0x81)
  guest.start()
  guest.run(3 * SECOND)
  return { host, other, guest }
}

const NOWHERE = addrOf(0x7777)

function request(at: World, given: Partial<LookupRequest>): Uint8Array {
  const self = at.guest.identity.nodeAddr
  return encodeLookupRequest({
    requestId: 1n,
    target: NOWHERE,
    origin: addrOf(0x1234),
    ttl: 64,
    minMtu: 0,
    originCoordinates: [self, ...at.host.node.views.tree().coordinates],
    ...given,
  })
}

function datagram(
  at: World,
  destination: NodeAddr,
  given: { ttl?: number; payload?: Uint8Array; source?: NodeAddr } = {},
): Uint8Array {
  return encodeSessionDatagram({
    ttl: given.ttl ?? 64,
    pathMtu: 1472,
    source: given.source ?? at.guest.identity.nodeAddr,
    destination,
    payload: given.payload ?? new Uint8Array(40),
  })
}

function announce(at: World, sequence: bigint): Uint8Array {
  const node = at.guest.identity.nodeAddr
  const declaration = { node, parent: node, sequence, timestamp: 1_800_000_000n }
  return encodeTreeAnnounce({
    declaration,
    ancestry: [{ node, sequence, timestamp: 1_800_000_000n }],
    signature: signDeclaration(declaration, at.guest.identity, nobleCrypto, new Uint8Array(32)),
  })
}

function filterOf(bits: number, sequence: bigint): Uint8Array {
  const bytes = new Uint8Array(FILTER_BYTES)
  for (let bit = 0; bit < bits; bit++) bytes[bit >> 3]! |= 1 << (bit & 7)
  return encodeFilterAnnounce({ sequence, filter: BloomFilter.fromBytes(bytes) })
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = value
  return copy
}

type Say = (at: World) => readonly Uint8Array[]

/** Offset of the size class in a FilterAnnounce: type 1, sequence 8, hash count 1. */
const SIZE_CLASS_AT = 10

/** Messages, and the counters that the last of them moves. */
const TABLE: Readonly<Record<string, readonly [say: Say, counted: readonly string[]]>> = {
  'a message of no known kind': [() => [Uint8Array.of(0x7f, 1)], ['link.unknownMessage']],
  'an announce cut short': [
    () => [Uint8Array.of(LINK_MESSAGE_TYPES['tree-announce'], 1)],
    ['tree.received', 'tree.decodeError'],
  ],
  'an announce once more': [(at) => [announce(at, 1n), announce(at, 1n)], ['tree.received', 'tree.stale']],
  'a filter cut short': [() => [filterOf(10, 1n).subarray(0, 100)], ['bloom.received', 'bloom.decodeError']],
  'a filter of another size': [
    () => [changed(filterOf(10, 1n), SIZE_CLASS_AT, 2)],
    ['bloom.received', 'bloom.nonV1'],
  ],
  'a filter once more': [() => [filterOf(10, 1n), filterOf(10, 1n)], ['bloom.received', 'bloom.stale']],
  'a filter too full': [() => [filterOf(7000, 1n)], ['bloom.received', 'bloom.fillExceeded']],
  'a lookup cut short': [
    () => [Uint8Array.of(LINK_MESSAGE_TYPES['lookup-request'], 1)],
    ['discovery.reqReceived', 'discovery.reqDecodeError'],
  ],
  'a lookup for us': [
    (at) => [request(at, { target: at.host.addr })],
    ['discovery.reqReceived', 'discovery.reqTargetIsUs'],
  ],
  'a lookup that we pass on': [
    (at) => [request(at, { target: at.other.addr })],
    ['discovery.reqReceived', 'discovery.reqForwarded'],
  ],
  'a lookup once more': [
    (at) => [request(at, {}), request(at, {})],
    ['discovery.reqReceived', 'discovery.reqDuplicate'],
  ],
  'a lookup that has travelled far enough': [
    (at) => [request(at, { ttl: 0 })],
    ['discovery.reqReceived', 'discovery.reqTtlExhausted'],
  ],
  'a lookup of a node that nobody has': [
    (at) => [request(at, {})],
    ['discovery.reqReceived', 'discovery.reqNoTreePeer'],
  ],
  'the same node asked for again too soon': [
    (at) => [request(at, { target: at.other.addr }), request(at, { target: at.other.addr, requestId: 2n })],
    ['discovery.reqReceived', 'discovery.reqForwardRateLimited'],
  ],
  'an answer cut short': [
    () => [Uint8Array.of(LINK_MESSAGE_TYPES['lookup-response'], 1)],
    ['discovery.respReceived', 'discovery.respDecodeError'],
  ],
  'an answer nobody asked for': [
    () => [
      encodeLookupResponse({
        requestId: 9n,
        target: NOWHERE,
        pathMtu: 1472,
        targetCoordinates: [NOWHERE],
        proof: new Uint8Array(64),
      }),
    ],
    ['discovery.respReceived', 'discovery.respUnsolicited'],
  ],
  'a datagram cut short': [
    () => [Uint8Array.of(LINK_MESSAGE_TYPES['session-datagram'], 1)],
    [
      'forwarding.receivedPackets',
      'forwarding.receivedBytes',
      'forwarding.decodeErrorPackets',
      'forwarding.decodeErrorBytes',
    ],
  ],
  'a datagram that has travelled far enough': [
    (at) => [datagram(at, at.other.addr, { ttl: 1 })],
    [
      'forwarding.receivedPackets',
      'forwarding.receivedBytes',
      'forwarding.ttlExhaustedPackets',
      'forwarding.ttlExhaustedBytes',
    ],
  ],
  'a datagram of an unknown session': [
    (at) => [datagram(at, at.host.addr)],
    [
      'forwarding.receivedPackets',
      'forwarding.receivedBytes',
      'forwarding.deliveredPackets',
      'forwarding.deliveredBytes',
      'session.unknownSession',
    ],
  ],
  'a signal about a session that is not ours': [
    (at) => [
      datagram(at, at.host.addr, {
        payload: encodeSignal({ type: 'coords-required', destination: NOWHERE, reporter: at.other.addr }),
      }),
    ],
    [
      'forwarding.receivedPackets',
      'forwarding.receivedBytes',
      'forwarding.deliveredPackets',
      'forwarding.deliveredBytes',
      'errors.coordsRequired',
      'errors.unboundCoords',
    ],
  ],
}

/** The groups that count what is said; the link's own and its reports go on besides. */
const GROUPS = ['tree', 'bloom', 'discovery', 'forwarding', 'errors', 'session'] as const

function figures(node: TestNode): ReadonlyMap<string, number> {
  const counters = node.node.views.counters()
  const all = new Map<string, number>([['link.unknownMessage', counters.link.unknownMessage]])
  for (const group of GROUPS) {
    for (const [name, count] of Object.entries(counters[group])) all.set(`${group}.${name}`, count)
  }
  return all
}

for (const [what, [say, counted]] of Object.entries(TABLE)) {
  test(`${what} is counted by its name`, () => {
    const at = world()
    const messages = [...say(at)]
    const last = messages.pop()!
    for (const message of messages) at.guest.send(message)
    const before = figures(at.host)
    at.guest.send(last)
    const moved = [...figures(at.host)].filter(([name, count]) => count !== before.get(name))
    // Our answers are counted as well, as what we originate and send.
    const heard = moved.map(([name]) => name).filter((name) => !/originated|\.sent$/.test(name))
    assert.deepEqual(heard.toSorted(), [...counted].sort())
  })
}
