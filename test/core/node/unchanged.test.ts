/** What a neighbour says again unchanged, as some do every few seconds, costs a comparison and nothing more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BloomFilter,
  encodeFilterAnnounce,
  encodeTreeAnnounce,
  nobleCrypto,
  signDeclaration,
  type Crypto,
  type NodeAddr,
} from '../../../core/index.ts'
import { TestMesh } from '../../support/mesh.ts'
import { Microcontroller } from './microcontroller.ts'

const SECOND = 1000
const REPEATS = 12
const EVERY = 5 * SECOND
const [TREE, FILTER] = ['tree', 'filter'] as const

test('announces repeated unchanged are neither verified nor passed on', () => {
  let verified = 0
  const crypto: Crypto = {
    ...nobleCrypto,
    verify(signature, digest, publicKey) {
      verified += 1
      return nobleCrypto.verify(signature, digest, publicKey)
    },
  }
  const mesh = new TestMesh({ seed: 8, crypto, config: { tree: { reevalIntervalSecs: 0 } } })
  const [hub, other] = [mesh.addNode(), mesh.addNode()]
  mesh.connect(other, hub)
  const guest = new Microcontroller(mesh, hub, 0x71)
  guest.start()
  guest.run(3 * SECOND)

  const node = guest.identity.nodeAddr
  const path: readonly NodeAddr[] = [node, ...hub.node.views.tree().coordinates]
  const [sequence, timestamp] = [1n, 1_800_000_000n]
  const declaration = { node, parent: hub.addr, sequence, timestamp }
  const announce = encodeTreeAnnounce({
    declaration,
    ancestry: path.map((each) => ({ node: each, sequence, timestamp })),
    signature: signDeclaration(declaration, guest.identity, nobleCrypto, new Uint8Array(32)),
  })
  const filter = BloomFilter.of([node])
  const say = (n: number): void => {
    guest.send(announce)
    // The filter counts its sequence up all the same.
    guest.send(encodeFilterAnnounce({ sequence: BigInt(n), filter }))
  }
  say(1)
  guest.run(60 * SECOND)
  assert.equal(other.node.views.status().estimatedMeshSize, 3)

  verified = 0
  const before = mesh.trace.length
  for (let n = 2; n < 2 + REPEATS; n++) {
    say(n)
    guest.run(EVERY)
  }
  assert.equal(verified, 0)
  const passedOn = mesh.trace
    .slice(before)
    .filter(({ to, frameClass }) => to === other.name && (frameClass === TREE || frameClass === FILTER))
  assert.deepEqual(passedOn, [])
  const { tree, bloom } = hub.node.views.counters()
  assert.ok(tree.stale >= REPEATS)
  assert.ok(bloom.accepted > REPEATS)
})
