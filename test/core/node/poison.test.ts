/** A neighbour's filter that says yes to everything spoils nobody else's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BloomFilter,
  encodeFilterAnnounce,
  encodeTreeAnnounce,
  FILTER_BYTES,
  nobleCrypto,
  signDeclaration,
  type NodeAddr,
} from '../../../core/index.ts'
import { TestMesh, type TestNode } from '../../support/mesh.ts'
import { Microcontroller } from './microcontroller.ts'

const SECOND = 1000
/** As many bits as a filter may have and be taken: any further address is one too many. */
const MOST_BITS = 5937
const NODES = 4

interface World {
  readonly mesh: TestMesh
  readonly hub: TestNode
  readonly others: readonly TestNode[]
  readonly guest: Microcontroller
}

function world(maxInboundFpr?: number): World {
  const config = maxInboundFpr === undefined ? {} : { bloom: { maxInboundFpr } }
  const mesh = new TestMesh({ seed: 3, config })
  const [hub, ...others] = mesh.addNodes(NODES)
  for (const other of others) mesh.connect(other, hub!)
  const guest = new Microcontroller(mesh, hub!, 0x61)
  guest.start()
  guest.run(3 * SECOND)
  const at = { mesh, hub: hub!, others, guest }
  announceAsChild(at)
  return at
}

function announceAsChild({ hub, guest }: World): void {
  const node = guest.identity.nodeAddr
  const path: readonly NodeAddr[] = [node, ...hub.node.views.tree().coordinates]
  const [sequence, timestamp] = [1n, 1_800_000_000n]
  const declaration = { node, parent: hub.addr, sequence, timestamp }
  guest.send(
    encodeTreeAnnounce({
      declaration,
      ancestry: path.map((each) => ({ node: each, sequence, timestamp })),
      signature: signDeclaration(declaration, guest.identity, nobleCrypto, new Uint8Array(32)),
    }),
  )
}

function announceFilter({ guest }: World, bits: number): void {
  const bytes = new Uint8Array(FILTER_BYTES)
  for (let bit = 0; bit < bits; bit++) bytes[bit >> 3]! |= 1 << (bit & 7)
  guest.send(encodeFilterAnnounce({ sequence: 1n, filter: BloomFilter.fromBytes(bytes) }))
}

function isLeftOut({ hub, guest }: World): boolean | undefined {
  return hub.node.views.bloom().peerFilters.find(({ peer }) => peer === guest.identity.nodeAddr)?.isLeftOut
}

test('it is taken, kept from the others, and shown to be', () => {
  const at = world()
  announceFilter(at, MOST_BITS)
  at.guest.run(5 * SECOND)
  assert.equal(isLeftOut(at), true)
  for (const { node } of at.others) {
    // The guest itself is not behind its filter any more, but everybody else is where they were.
    assert.equal(node.views.status().estimatedMeshSize, NODES)
  }
})

test('a filter that leaves room is passed on', () => {
  const at = world()
  announceFilter(at, 50)
  at.guest.run(5 * SECOND)
  assert.equal(isLeftOut(at), false)
  assert.ok(at.others.every(({ node }) => node.views.status().estimatedMeshSize! > NODES))
})

test('one beyond the configured rate is refused and counted', () => {
  const at = world(0.1)
  announceFilter(at, MOST_BITS)
  assert.equal(at.hub.node.views.counters().bloom.fillExceeded, 1)
  assert.equal(isLeftOut(at), false)
})
