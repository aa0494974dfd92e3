/** Both handshakes, their transport keys and frames, and the messages that must be refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  IkInitiator,
  IkResponder,
  Identity,
  XkInitiator,
  XkResponder,
  hex,
  nobleCrypto,
  xOnlyKey,
  type Established,
  type HandshakeInit,
  type Result,
} from '../../core/index.ts'
import { bytesOf, checkEach, loadVectors, testGroup, testNamesAreKnown } from './load.ts'

const vectors = loadVectors('noise.json')

const PROTOCOLS = {
  protocol_name_hash_ik: 'Noise_IK_secp256k1_ChaChaPoly_SHA256',
  protocol_name_hash_xk: 'Noise_XK_secp256k1_ChaChaPoly_SHA256',
} as const
const NEGATIVE_INPUTS = [
  'neg_initiator_static_secret',
  'neg_responder_static_secret',
  'neg_initiator_ephemeral_secret',
  'neg_responder_ephemeral_secret',
  'neg_initiator_epoch',
  'neg_responder_epoch',
] as const

testNamesAreKnown(vectors, [
  ...Object.keys(PROTOCOLS),
  ...NEGATIVE_INPUTS,
  'ecdh',
  'ik',
  'xk',
  'negative',
  'state_restore',
])

test('noise.json: protocol names hash to the initial state', () => {
  for (const [name, protocol] of Object.entries(PROTOCOLS)) {
    assert.equal(hex(nobleCrypto.sha256(new TextEncoder().encode(protocol))), vectors.value(name))
  }
})

interface EcdhVector {
  readonly secret: string
  readonly peer_pub: string
  readonly peer_pub_negated: string
  readonly shared: string
}

testGroup<EcdhVector>(vectors, 'ecdh', (vector) => {
  const identity = Identity.fromSecret(bytesOf(vector.secret))
  for (const peer of [vector.peer_pub, vector.peer_pub_negated]) {
    const shared = identity.ecdh(bytesOf(peer))
    assert.equal(shared && hex(shared), vector.shared)
  }
})

interface Inputs {
  readonly initiator_static_secret: string
  readonly responder_static_secret: string
  readonly responder_static_as_known_to_initiator: string
  readonly initiator_static_pub: string
  readonly initiator_ephemeral_secret: string
  readonly responder_ephemeral_secret: string
  readonly initiator_epoch: string
  readonly responder_epoch: string
}

interface Message {
  readonly bytes: string
  readonly after: { readonly h: string }
}

interface HandshakeVector {
  readonly inputs: Inputs
  readonly msg1: Message
  readonly msg2: Message
  readonly msg3: Message
  readonly handshake_hash: string
  readonly initiator_send_key: string
  readonly responder_send_key: string
  readonly transport: readonly TransportVector[]
}

interface TransportVector {
  readonly from: string
  readonly counter: string
  readonly aad: string
  readonly plaintext: string
  readonly ciphertext: string
}

function initiatorOf(inputs: Inputs): HandshakeInit {
  return {
    identity: Identity.fromSecret(bytesOf(inputs.initiator_static_secret)),
    ephemeralSecret: bytesOf(inputs.initiator_ephemeral_secret),
    epoch: bytesOf(inputs.initiator_epoch),
  }
}

function responderOf(inputs: Inputs): HandshakeInit {
  return {
    identity: Identity.fromSecret(bytesOf(inputs.responder_static_secret)),
    ephemeralSecret: bytesOf(inputs.responder_ephemeral_secret),
    epoch: bytesOf(inputs.responder_epoch),
  }
}

function knownResponder(inputs: Inputs): Uint8Array {
  return xOnlyKey(bytesOf(inputs.responder_static_as_known_to_initiator))
}

function accepted<T>(result: Result<T>): T {
  assert.ok(result.ok, result.ok ? '' : result.code)
  return result.value
}

function checkFinished(vector: HandshakeVector, initiator: Established, responder: Established): void {
  assert.equal(hex(initiator.keys.send), vector.initiator_send_key)
  assert.equal(hex(initiator.keys.receive), vector.responder_send_key)
  assert.equal(hex(responder.keys.send), vector.responder_send_key)
  assert.equal(hex(responder.keys.receive), vector.initiator_send_key)
  assert.equal(hex(initiator.handshakeHash), vector.handshake_hash)
  assert.equal(hex(responder.handshakeHash), vector.handshake_hash)
  assert.equal(hex(responder.remoteCompressed), vector.inputs.initiator_static_pub)
  assert.equal(hex(responder.remoteEpoch), vector.inputs.initiator_epoch)
  assert.equal(hex(initiator.remoteEpoch), vector.inputs.responder_epoch)
  assert.deepEqual(initiator.remoteStatic, knownResponder(vector.inputs))
  checkEach(vector.transport, (frame) => {
    assert.ok(frame.from === 'initiator' || frame.from === 'responder', `unknown sender ${frame.from}`)
    const [sender, receiver] = frame.from === 'initiator' ? [initiator, responder] : [responder, initiator]
    const counter = BigInt(frame.counter)
    const aad = bytesOf(frame.aad)
    const sealed = nobleCrypto.cipher(sender.keys.send).seal(counter, aad, bytesOf(frame.plaintext))
    assert.equal(hex(sealed), frame.ciphertext)
    const opened = nobleCrypto.cipher(receiver.keys.receive).open(counter, aad, sealed)
    assert.equal(opened && hex(opened), frame.plaintext)
  })
}

testGroup<HandshakeVector>(vectors, 'ik', (vector) => {
  const initiator = new IkInitiator(initiatorOf(vector.inputs), knownResponder(vector.inputs))
  const responder = new IkResponder(responderOf(vector.inputs))
  const msg1 = initiator.writeMsg1()
  assert.equal(hex(msg1), vector.msg1.bytes)
  accepted(responder.readMsg1(msg1))
  const finished = responder.writeMsg2()
  assert.equal(hex(finished.message), vector.msg2.bytes)
  checkFinished(vector, accepted(initiator.readMsg2(finished.message)), finished)
})

testGroup<HandshakeVector>(vectors, 'xk', (vector) => {
  const initiator = new XkInitiator(initiatorOf(vector.inputs), knownResponder(vector.inputs))
  const responder = new XkResponder(responderOf(vector.inputs))
  const msg1 = initiator.writeMsg1()
  assert.equal(hex(msg1), vector.msg1.bytes)
  accepted(responder.readMsg1(msg1))
  const msg2 = responder.writeMsg2()
  assert.equal(hex(msg2), vector.msg2.bytes)
  accepted(initiator.readMsg2(msg2))
  const finished = initiator.writeMsg3()
  assert.equal(hex(finished.message), vector.msg3.bytes)
  checkFinished(vector, finished, accepted(responder.readMsg3(finished.message)))
})

interface NegativeVector {
  readonly pattern: string
  readonly reader: string
  readonly message: string
  readonly reader_static_secret: string
  readonly bytes: string
  readonly accepted: boolean
}

/** The sides of the negative vectors; `readerSecret` replaces the static secret of the one that reads. */
function negativeInits(vector?: NegativeVector): { initiator: HandshakeInit; responder: HandshakeInit } {
  const bytes = (name: (typeof NEGATIVE_INPUTS)[number]): Uint8Array => bytesOf(vectors.value<string>(name))
  const secretOf = (side: 'initiator' | 'responder'): Uint8Array =>
    vector?.reader === side ? bytesOf(vector.reader_static_secret) : bytes(`neg_${side}_static_secret`)
  const init = (side: 'initiator' | 'responder'): HandshakeInit => ({
    identity: Identity.fromSecret(secretOf(side)),
    ephemeralSecret: bytes(`neg_${side}_ephemeral_secret`),
    epoch: bytes(`neg_${side}_epoch`),
  })
  return { initiator: init('initiator'), responder: init('responder') }
}

function readNegative(vector: NegativeVector): Result<unknown> {
  const { initiator, responder } = negativeInits(vector)
  const bytes = bytesOf(vector.bytes)
  switch (`${vector.pattern} ${vector.message} ${vector.reader}`) {
    case 'IK msg1 responder':
      return new IkResponder(responder).readMsg1(bytes)
    case 'IK msg2 initiator': {
      const reader = new IkInitiator(initiator, responder.identity.publicKey)
      reader.writeMsg1()
      return reader.readMsg2(bytes)
    }
    case 'XK msg1 responder':
      return new XkResponder(responder).readMsg1(bytes)
    case 'XK msg2 initiator': {
      const reader = new XkInitiator(initiator, responder.identity.publicKey)
      reader.writeMsg1()
      return reader.readMsg2(bytes)
    }
    case 'XK msg3 responder': {
      const reader = new XkResponder(responder)
      accepted(reader.readMsg1(new XkInitiator(initiator, responder.identity.publicKey).writeMsg1()))
      reader.writeMsg2()
      return reader.readMsg3(bytes)
    }
    default:
      throw new Error(`unknown message ${vector.pattern} ${vector.message} for the ${vector.reader}`)
  }
}

testGroup<NegativeVector>(vectors, 'negative', (vector) => {
  assert.equal(readNegative(vector).ok, vector.accepted)
})

interface StateRestore {
  readonly forged_msg2: string
  readonly forged_accepted: boolean
  readonly genuine_msg2: string
  readonly genuine_accepted_afterwards: boolean
  readonly msg3_equals_undisturbed_msg3: boolean
}

test('noise.json: state_restore: a refused msg2 leaves the handshake usable', () => {
  const vector = vectors.value<StateRestore>('state_restore')
  const { initiator, responder } = negativeInits()
  const undisturbed = new XkInitiator(initiator, responder.identity.publicKey)
  const disturbed = new XkInitiator(initiator, responder.identity.publicKey)
  undisturbed.writeMsg1()
  disturbed.writeMsg1()
  assert.equal(disturbed.readMsg2(bytesOf(vector.forged_msg2)).ok, vector.forged_accepted)
  const genuine = bytesOf(vector.genuine_msg2)
  assert.equal(disturbed.readMsg2(genuine).ok, vector.genuine_accepted_afterwards)
  accepted(undisturbed.readMsg2(genuine))
  const same = hex(disturbed.writeMsg3().message) === hex(undisturbed.writeMsg3().message)
  assert.equal(same, vector.msg3_equals_undisturbed_msg3)
})
