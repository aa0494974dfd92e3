/** The keys of a link through a rekey, frame by frame: which frame opens, which moves us to the new keys. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeFrame, nobleCrypto } from '../../core/index.ts'
import { KeyRing } from '../../core/peer/key-ring.ts'
import { LinkSession } from '../../core/peer/link-session.ts'
import { differencesIn } from './differences.ts'
import { bytesOf, checkEach, loadVectors } from './load.ts'

interface Handshake {
  readonly initiator: string
  readonly initiator_send_key: string
  readonly responder_send_key: string
}

interface Step {
  readonly step: string
  readonly k: boolean
  readonly wire?: string
  readonly accepted: boolean
  readonly our_k_after: boolean
  readonly draining_after: boolean
  readonly peer_removed: boolean
}

const FIRST_INDEX = 0x01020304
const SECOND_INDEX = 0
const BAD_TAG = 'tag broken'

/** Alice's side: she began the first handshake and answered the second. */
function aliceSession(handshake: Handshake, ourIndex: number): LinkSession {
  const began = handshake.initiator === 'alice'
  const [send, receive] = began
    ? [handshake.initiator_send_key, handshake.responder_send_key]
    : [handshake.responder_send_key, handshake.initiator_send_key]
  return new LinkSession({
    handshake: {
      keys: { send: bytesOf(send), receive: bytesOf(receive) },
      remoteEpoch: new Uint8Array(8),
      handshakeHash: new Uint8Array(32),
      remoteStatic: new Uint8Array(32),
      remoteCompressed: new Uint8Array(33),
    },
    ourIndex,
    theirIndex: 0,
    crypto: nobleCrypto,
    keyEpoch: !began,
    answered: began ? undefined : { msg1: new Uint8Array(0), msg2: new Uint8Array(0) },
    now: 0,
  })
}

test('node-level.json: link_key_epochs', () => {
  const [first, second] = loadVectors('fmp-frames.json').group<Handshake>('handshakes')
  assert.ok(first !== undefined && second !== undefined)
  const differences = differencesIn('node-level.json', 'link_key_epochs')
  const removals = differencesIn('node-level.json', 'link_key_epochs: peer_removed')
  const ring = new KeyRing(() => undefined)
  ring.promote(aliceSession(first, FIRST_INDEX))
  checkEach(loadVectors('node-level.json').group<Step>('link_key_epochs'), (vector) => {
    if (vector.wire === undefined) {
      if (vector.step.includes('drain window ends')) ring.endDrain()
      else ring.addCandidate(aliceSession(second, SECOND_INDEX))
      return
    }
    const isKnown = differences.has(vector.step)
    const result = receive(ring, vector.wire)
    assert.equal(result === 'opened', isKnown ? !vector.accepted : vector.accepted)
    if (!vector.accepted && !isKnown) {
      // Replays are told from frames that open under no key: only these speak of somebody who has other keys.
      assert.equal(result === 'undecryptable', vector.step === BAD_TAG)
    }
    if (vector.peer_removed) assert.ok(removals.has(vector.step))
    if (isKnown || vector.peer_removed) return
    assert.equal(ring.current?.keyEpoch, vector.our_k_after)
    assert.equal(ring.previous !== undefined, vector.draining_after)
  })
  assert.ok(ring.current !== undefined, 'no number of bad frames ends the link')
})

function receive(ring: KeyRing, wire: string): string {
  const decoded = decodeFrame(bytesOf(wire))
  assert.ok(decoded.ok && decoded.value.type === 'established')
  const frame = decoded.value
  const session = [ring.current, ring.previous, ...ring.candidates].find(
    (candidate) => candidate?.ourIndex === frame.receiverIndex,
  )
  if (session === undefined) return 'unknown-index'
  const { type } = session.open(frame, 0)
  if (type === 'opened' && ring.movesTo(session, 0, 0)) ring.promote(session)
  return type
}
