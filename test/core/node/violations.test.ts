/** A neighbour that breaks the protocol as nobody honest can is sent away for a while; accidents end no link. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeTreeAnnounce,
  LINK_MESSAGE_TYPES,
  nobleCrypto,
  signDeclaration,
  type Declaration,
  type NodeAddr,
  type TreeAnnounce,
} from '../../../core/index.ts'
import { Violations } from '../../../core/node/violations.ts'
import { TestMesh, type TestNode } from '../../support/mesh.ts'
import { addrOf } from '../addr.ts'
import { Microcontroller } from './microcontroller.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const ZERO: NodeAddr = addrOf(0)

test('what is tolerated, and how long a neighbour stays away', () => {
  const violations = new Violations()
  const [one, other] = [addrOf(1), addrOf(2)]
  assert.deepEqual(
    [0, 1, 2].map((at) => violations.note(one, at)),
    [false, false, true],
  )
  assert.equal(violations.bannedUntil(one, 2), 2 + MINUTE)
  assert.equal(violations.bannedUntil(one, 2 + MINUTE), undefined)
  assert.equal(violations.bannedUntil(other, 2), undefined)
  const later = 2 + MINUTE
  assert.deepEqual(
    [0, 1, 2].map((at) => violations.note(one, later + at)),
    [false, false, true],
  )
  assert.equal(violations.bannedUntil(one, later + 2), later + 2 + 2 * MINUTE)
  assert.deepEqual(
    [0, 61, 122, 183].map((at) => violations.note(other, at * SECOND)),
    [false, false, false, false],
    'now and then is not often',
  )
})

interface World {
  readonly mesh: TestMesh
  readonly host: TestNode
  readonly guest: Microcontroller
}

function world(seed: number): World {
  const mesh = new TestMesh({ seed })
  const host = mesh.addNode()
  const guest = new Microcontroller(mesh, host, 0x31)
  guest.start()
  guest.run(SECOND)
  assert.ok(guest.isLinked && host.node.views.peers().length === 1)
  return { mesh, host, guest }
}

/** An announce of the guest, signed with its key, whatever it says. */
function announce(
  { guest }: World,
  given: { readonly sequence: number; readonly node?: NodeAddr; readonly path?: readonly NodeAddr[] },
): TreeAnnounce {
  const self = guest.identity.nodeAddr
  const path = given.path ?? [self]
  const timestamp = 1_800_000_000n
  const sequence = BigInt(given.sequence)
  const declaration: Declaration = {
    node: given.node ?? path[0]!,
    parent: path[1] ?? path[0]!,
    sequence,
    timestamp,
  }
  return {
    declaration,
    ancestry: path.map((node) => ({ node, sequence, timestamp })),
    signature: signDeclaration(declaration, guest.identity, nobleCrypto, new Uint8Array(32)),
  }
}

function forged(given: TreeAnnounce): TreeAnnounce {
  const signature = given.signature.slice()
  signature[40] = (signature[40] ?? 0) ^ 1
  return { ...given, signature }
}

/** What only a liar says, each with the counter that tells of it. */
const LIES = {
  'an announce with a broken signature': [
    'sigFailed',
    (at: World, n: number) => forged(announce(at, { sequence: n })),
  ],
  'an announce in the name of another node': [
    'addrMismatch',
    (at: World, n: number) => announce(at, { sequence: n, path: [at.host.addr] }),
  ],
  'a place below two roots at once': [
    'ancestryInvalid',
    (at: World, n: number) =>
      announce(at, { sequence: n, path: [at.guest.identity.nodeAddr, ZERO, at.host.addr] }),
  ],
} as const satisfies Readonly<
  Record<
    string,
    readonly ['sigFailed' | 'addrMismatch' | 'ancestryInvalid', (at: World, n: number) => TreeAnnounce]
  >
>

for (const [what, [counter, lie]] of Object.entries(LIES)) {
  test(`${what}: counted, and at the third within a minute its sender goes`, () => {
    const at = world(1)
    const { mesh, host, guest } = at
    const peers = (): number => host.node.views.peers().length
    for (let n = 1; n <= 2; n++) guest.send(encodeTreeAnnounce(lie(at, n)))
    assert.equal(peers(), 1)
    guest.send(encodeTreeAnnounce(lie(at, 3)))
    assert.equal(peers(), 0)
    const { tree, handshake } = host.node.views.counters()
    assert.deepEqual([tree[counter], handshake.violators], [3, 1])
    const goodbye = guest.messages(LINK_MESSAGE_TYPES.disconnect)[0]
    assert.deepEqual([...(goodbye ?? [])], [LINK_MESSAGE_TYPES.disconnect, 5], 'security violation')

    guest.start()
    mesh.run(SECOND)
    assert.equal(peers(), 0, 'it is not let in again at once')
    assert.equal(handshake.msg1Banned, 1)
    mesh.run(MINUTE)
    guest.start()
    guest.run(SECOND)
    assert.equal(peers(), 1, 'but it is after a minute')
  })
}

test('a path that is too deep, unknown messages, broken messages and replays end no link', () => {
  const at = world(2)
  const { host, guest } = at
  const deep = [guest.identity.nodeAddr, ...Array.from({ length: 80 }, (_, n) => addrOf(0x100 + n)), ZERO]
  for (let n = 1; n <= 10; n++) {
    guest.send(encodeTreeAnnounce(announce(at, { sequence: n, path: deep })))
    guest.send(Uint8Array.of(0x7f, 1, 2, 3))
    guest.send(Uint8Array.of(LINK_MESSAGE_TYPES['tree-announce'], 9))
    guest.send(Uint8Array.of(LINK_MESSAGE_TYPES['filter-announce'], 9))
    guest.send(Uint8Array.of(LINK_MESSAGE_TYPES['session-datagram'], 9))
    guest.repeatLast()
  }
  const { tree, link, forwarding, bloom } = host.node.views.counters()
  assert.equal(host.node.views.peers().length, 1)
  assert.deepEqual(
    [tree.tooDeep, tree.decodeError, link.unknownMessage, forwarding.decodeErrorPackets, bloom.decodeError],
    [10, 10, 10, 10, 10],
  )
  assert.equal(link.replayed, 10)
})
