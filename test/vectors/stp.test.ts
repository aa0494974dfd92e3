/** Tree: signed announces byte for byte, and the decisions where the reference is right. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AnnounceFault,
  announceFault,
  chooseParent,
  type Coordinates,
  DAMPING,
  declarationBytes,
  declarationDigest,
  decodeTreeAnnounce,
  encodeTreeAnnounce,
  hex,
  Identity,
  type NodeAddr,
  nobleCrypto,
  type ParentChoice,
  pathFault,
  shouldEcho,
  signDeclaration,
  SwitchDamper,
  TreeState,
  verifyDeclaration,
} from '../../core/index.ts'
import { differencesIn } from './differences.ts'
import { decodeLinkMessage } from './link-messages.ts'
import { bytesOf, checkEach, loadVectors, testGroup, testNamesAreKnown } from './load.ts'

const vectors = loadVectors('stp.json')

testNamesAreKnown(vectors, [
  'announces',
  'altered',
  'freshness',
  'parent_selection',
  // Told in sentences; test/core/stp/state.test.ts walks through the same events.
  'transitions',
  'flap_dampening',
  'echo',
])

interface AnnounceVector {
  readonly name: string
  readonly signer_secret: string
  readonly signer_pubkey: string
  readonly aux: string
  readonly message: string
  readonly signed_bytes: string
  readonly decoded: object
  readonly signature_valid: boolean
  readonly semantics_valid: boolean
}

testGroup<AnnounceVector>(vectors, 'announces', (vector) => {
  const message = bytesOf(vector.message)
  const announce = decodeTreeAnnounce(message)
  assert.ok(announce.ok)
  const kind = 'TreeAnnounce'
  assert.deepEqual(decodeLinkMessage(message), { result: 'accept', kind, decoded: vector.decoded })
  const { declaration } = announce.value
  assert.equal(hex(declarationBytes(declaration)), vector.signed_bytes)
  const identity = Identity.fromSecret(bytesOf(vector.signer_secret))
  const signature = signDeclaration(declaration, identity, nobleCrypto, bytesOf(vector.aux))
  assert.equal(hex(encodeTreeAnnounce({ ...announce.value, signature })), vector.message)
  assert.equal(
    verifyDeclaration(announce.value, bytesOf(vector.signer_pubkey), nobleCrypto),
    vector.signature_valid,
  )
  assert.equal(
    pathFault(announce.value) === undefined,
    vector.semantics_valid,
    String(pathFault(announce.value)),
  )
})

interface AlteredVector {
  readonly signer_pubkey: string
  readonly message: string
  readonly decodes: boolean
  readonly signature_valid: boolean
  readonly semantics_valid: boolean
}

testGroup<AlteredVector>(vectors, 'altered', (vector) => {
  const announce = decodeTreeAnnounce(bytesOf(vector.message))
  assert.equal(announce.ok, vector.decodes)
  if (!announce.ok) return
  const key = bytesOf(vector.signer_pubkey)
  assert.equal(verifyDeclaration(announce.value, key, nobleCrypto), vector.signature_valid)
  assert.equal(pathFault(announce.value) === undefined, vector.semantics_valid)
  assert.equal(declarationDigest(announce.value.declaration, nobleCrypto).length, 32)
})

test('stp.json: freshness', () => {
  const peer = '01000000000000000000000000000000' as NodeAddr
  const tree = new TreeState('02000000000000000000000000000000' as NodeAddr, 0n)
  checkEach(
    vectors.group<{ readonly sequence: string; readonly timestamp: string; readonly applied: boolean }>(
      'freshness',
    ),
    (vector) => {
      const sequence = BigInt(vector.sequence)
      const timestamp = BigInt(vector.timestamp)
      const applied = tree.update(
        {
          declaration: { node: peer, parent: peer, sequence, timestamp },
          ancestry: [{ node: peer, sequence, timestamp }],
          signature: new Uint8Array(64),
        },
        0,
      )
      assert.equal(applied, vector.applied)
    },
  )
})

interface PeerPath {
  readonly peer: NodeAddr
  readonly ancestry: Coordinates
}

interface SelectionVector {
  readonly name: string
  readonly self: NodeAddr
  readonly self_parent: NodeAddr | null
  readonly peers: readonly PeerPath[]
  readonly then_updated: readonly PeerPath[]
  readonly costs: readonly { readonly peer: NodeAddr; readonly cost: number }[]
  readonly skip: readonly NodeAddr[]
  readonly hysteresis: number
  readonly evaluate: 'none' | 'mandatory' | 'discretionary'
  readonly chosen: NodeAddr | null
  readonly on_announce: { readonly decision: string }
}

const selectionDifferences = differencesIn('stp.json', 'parent_selection')

testGroup<SelectionVector>(vectors, 'parent_selection', (vector) => {
  const paths = new Map<NodeAddr, Coordinates>()
  for (const { peer, ancestry } of [...vector.peers, ...vector.then_updated]) paths.set(peer, ancestry)
  const choice = chooseParent({
    self: vector.self,
    parent: startingParent(vector),
    paths,
    costs: new Map(vector.costs.map(({ peer, cost }) => [peer, cost])),
    skip: new Set(vector.skip),
    hysteresis: vector.hysteresis,
  })
  if (selectionDifferences.has(vector.name)) assert.notDeepEqual(choice, referenceChoice(vector))
  else assert.deepEqual(choice, referenceChoice(vector))
})

/** The reference falls back to being a root when its parent's root is not smaller than itself. */
function startingParent(vector: SelectionVector): NodeAddr {
  const path = vector.peers.find(({ peer }) => peer === vector.self_parent)?.ancestry
  const isRoot = vector.self_parent === null || (path !== undefined && path.at(-1)! >= vector.self)
  return isRoot ? vector.self : vector.self_parent
}

function referenceChoice(vector: SelectionVector): ParentChoice {
  if (vector.evaluate !== 'none') return { type: vector.evaluate, parent: vector.chosen! }
  return vector.on_announce.decision === 'become_root' ? { type: 'be-root' } : { type: 'keep' }
}

interface FlapVector {
  readonly now_ms: string
  readonly action: string
  readonly dampening_engaged_by_this: boolean | null
  readonly flap_dampened: boolean
  readonly discretionary_suppressed: boolean
}

test('stp.json: flap_dampening', () => {
  const damper = new SwitchDamper(DAMPING)
  const changedBy: Readonly<Record<string, boolean | undefined>> = {
    query: undefined,
    'switch to the other parent': true,
    'new declaration, same parent': false,
  }
  checkEach(vectors.group<FlapVector>('flap_dampening'), (vector) => {
    const now = Number(vector.now_ms)
    assert.ok(vector.action in changedBy, `unknown action ${vector.action}`)
    const changed = changedBy[vector.action]
    if (changed !== undefined) assert.equal(damper.declared(changed, now), vector.dampening_engaged_by_this)
    assert.equal(damper.isDamped(now), vector.flap_dampened)
    assert.equal(damper.suppresses(now), vector.discretionary_suppressed)
  })
})

interface EchoVector {
  readonly announced_root: NodeAddr
  readonly our_root: NodeAddr
  readonly echo_our_announce: boolean
}

testGroup<EchoVector>(vectors, 'echo', (vector) => {
  assert.equal(shouldEcho(vector.announced_root, vector.our_root), vector.echo_our_announce)
})

interface NodeStart {
  readonly self: NodeAddr
  readonly peer_one: NodeAddr
  readonly peer_one_pubkey: string
  readonly peer_two: NodeAddr
  readonly peer_two_pubkey: string
}

interface NodeStep {
  readonly step: string
  readonly from: NodeAddr
  readonly message: string
  readonly result: string
  readonly our_parent_after: NodeAddr
  readonly our_coords_after: Coordinates
}

const RESULT_OF_FAULT: Readonly<Record<AnnounceFault, string>> = {
  'address-mismatch': 'address_mismatch',
  'bad-signature': 'signature_failed',
  'root-with-ancestors': 'semantics_invalid',
  'no-ancestors': 'semantics_invalid',
  'parent-mismatch': 'semantics_invalid',
  'root-not-minimum': 'semantics_invalid',
  'too-deep': 'semantics_invalid',
}

test('node-level.json: tree_announce', () => {
  const [start, ...steps] = loadVectors('node-level.json').group<NodeStart & NodeStep>('tree_announce')
  assert.ok(start !== undefined)
  const keys = new Map([
    [start.peer_one, bytesOf(start.peer_one_pubkey)],
    [start.peer_two, bytesOf(start.peer_two_pubkey)],
  ])
  const tree = new TreeState(start.self, 0n)
  const differences = differencesIn('node-level.json', 'tree_announce')
  checkEach(steps, (vector) => {
    assert.equal(receive(tree, keys, vector), vector.result)
    if (differences.has(vector.step)) {
      assert.notEqual(tree.parent, vector.our_parent_after)
      return
    }
    assert.equal(tree.parent, vector.our_parent_after)
    assert.deepEqual(tree.coordinates, vector.our_coords_after)
  })
})

/** What a node does with an announce of a neighbour. */
function receive(tree: TreeState, keys: ReadonlyMap<NodeAddr, Uint8Array>, vector: NodeStep): string {
  const key = keys.get(vector.from)
  if (key === undefined) return 'unknown_peer'
  const announce = decodeTreeAnnounce(bytesOf(vector.message))
  if (!announce.ok) return 'decode_error'
  const fault = announceFault(announce.value, vector.from, key, nobleCrypto)
  if (fault !== undefined) return RESULT_OF_FAULT[fault]
  if (!tree.update(announce.value, 0)) return 'stale'
  tree.evaluate({ costs: new Map(), skip: new Set() }, 0n, 0)
  return 'accepted'
}
