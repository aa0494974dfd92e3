/** Noise vectors of another implementation. They may be read where they lie but are not part of this repository. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  IkInitiator,
  IkResponder,
  Identity,
  XkInitiator,
  XkResponder,
  concatBytes,
  hex,
  nobleCrypto,
  type Established,
  type HandshakeInit,
} from '../../core/index.ts'
import { deriveKeys } from '../../core/noise/symmetric.ts'
import { value } from './link-messages.ts'
import { bytesOf, checkEach, loadExternal } from './load.ts'

type Golden = Readonly<Record<string, string>> & {
  readonly type: string
  readonly frames: readonly Readonly<Record<string, string>>[]
}

const FILE = 'noise-golden.json'
const golden = loadExternal(FILE)

function field(vector: Readonly<Record<string, string>>, name: string): Uint8Array {
  const text = vector[name]
  assert.ok(text !== undefined, `no field ${name}`)
  return bytesOf(text)
}

function initOf(vector: Golden, side: 'initiator' | 'responder'): HandshakeInit {
  return {
    identity: Identity.fromSecret(field(vector, `${side}_static_secret_hex`)),
    ephemeralSecret: field(vector, `${side}_ephemeral_secret_hex`),
    epoch: field(vector, `${side}_epoch_hex`),
  }
}

function checkFinished(vector: Golden, initiator: Established, responder: Established): void {
  assert.equal(hex(initiator.keys.send), vector['initiator_transport_send_key_hex'])
  assert.equal(hex(initiator.keys.receive), vector['initiator_transport_recv_key_hex'])
  assert.equal(hex(responder.keys.send), vector['responder_transport_send_key_hex'])
  assert.equal(hex(responder.keys.receive), vector['responder_transport_recv_key_hex'])
  assert.equal(hex(initiator.handshakeHash), vector['handshake_hash_hex'])
  assert.equal(hex(responder.handshakeHash), vector['handshake_hash_hex'])
}

const CHECKS: Readonly<Record<string, (vector: Golden) => void>> = {
  pubkey: (vector) => {
    assert.equal(hex(nobleCrypto.publicKey(field(vector, 'secret_hex'))), vector['pubkey_hex'])
  },
  ecdh: (vector) => {
    const shared = nobleCrypto.ecdh(
      field(vector, 'initiator_secret_hex'),
      field(vector, 'responder_pubkey_hex'),
    )
    assert.equal(shared && hex(shared), vector['shared_secret_hex'])
  },
  hkdf: (vector) => {
    const derived = deriveKeys(nobleCrypto, field(vector, 'salt_hex'), field(vector, 'ikm_hex'))
    assert.equal(hex(concatBytes(...derived)), vector['output_hex'])
  },
  aead: (vector) => {
    const cipher = nobleCrypto.cipher(field(vector, 'key_hex'))
    const counter = BigInt(vector['nonce'] ?? '')
    const sealed = cipher.seal(counter, field(vector, 'aad_hex'), field(vector, 'plaintext_hex'))
    assert.equal(hex(sealed), vector['ciphertext_hex'])
  },
  mix_key: (vector) => {
    const [chainingKey, key] = deriveKeys(
      nobleCrypto,
      field(vector, 'chaining_key_hex'),
      field(vector, 'dh_output_hex'),
    )
    assert.equal(hex(chainingKey), vector['new_chaining_key_hex'])
    assert.equal(hex(key), vector['new_key_hex'])
  },
  split: (vector) => {
    const [first, second] = deriveKeys(nobleCrypto, field(vector, 'chaining_key_hex'), new Uint8Array(0))
    assert.equal(hex(first), vector['k1_hex'])
    assert.equal(hex(second), vector['k2_hex'])
  },
  ik_handshake: (vector) => {
    const responder = new IkResponder(initOf(vector, 'responder'))
    const responderKey = field(vector, 'responder_static_pubkey_hex').subarray(1)
    const initiator = new IkInitiator(initOf(vector, 'initiator'), responderKey)
    const msg1 = initiator.writeMsg1()
    assert.equal(hex(msg1), vector['msg1_hex'])
    value(responder.readMsg1(msg1))
    const answered = responder.writeMsg2()
    assert.equal(hex(answered.message), vector['msg2_hex'])
    checkFinished(vector, value(initiator.readMsg2(answered.message)), answered)
  },
  xk_handshake: (vector) => {
    const responder = new XkResponder(initOf(vector, 'responder'))
    const responderKey = field(vector, 'responder_static_pubkey_hex').subarray(1)
    const initiator = new XkInitiator(initOf(vector, 'initiator'), responderKey)
    const msg1 = initiator.writeMsg1()
    assert.equal(hex(msg1), vector['msg1_hex'])
    value(responder.readMsg1(msg1))
    const msg2 = responder.writeMsg2()
    assert.equal(hex(msg2), vector['msg2_hex'])
    value(initiator.readMsg2(msg2))
    const finished = initiator.writeMsg3()
    assert.equal(hex(finished.message), vector['msg3_hex'])
    checkFinished(vector, finished, value(responder.readMsg3(finished.message)))
  },
  transport: (vector) => {
    checkEach(vector.frames, (frame) => {
      const sender = frame['direction']?.split('_')[0]
      assert.ok(sender === 'initiator' || sender === 'responder', `unknown direction ${frame['direction']}`)
      const cipher = nobleCrypto.cipher(field(vector, `${sender}_transport_send_key_hex`))
      const counter = BigInt(frame['nonce'] ?? '')
      const sealed = cipher.seal(counter, field(frame, 'aad_hex'), field(frame, 'plaintext_hex'))
      assert.equal(hex(sealed), frame['ciphertext_hex'])
    })
  },
}

const skip =
  golden === undefined
    ? `${FILE} is read from ../shared/vectors (or VECTORS) and lies in neither: it may not be copied here`
    : false

test(FILE, { skip }, () => {
  const vectors = golden?.['vectors'] as readonly Golden[]
  assert.ok(vectors.length > 0, 'no vectors')
  checkEach(vectors, (vector) => {
    const check = CHECKS[vector.type]
    assert.ok(check !== undefined, `unknown type ${vector.type}`)
    check(vector)
  })
})
