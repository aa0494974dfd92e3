/** Frames of the link protocol: both handshakes, one frame of every message, tampered frames, the replay window. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  IkInitiator,
  IkResponder,
  Identity,
  LINK_MESSAGE_TYPES,
  ReplayWindow,
  REPLAY_WINDOW,
  decodeFrame,
  encodeMsg1,
  encodeMsg2,
  hex,
  nobleCrypto,
  openFrame,
  sealFrame,
  type EstablishedFrame,
  type HandshakeInit,
} from '../../core/index.ts'
import { decodeLinkMessage, encodeLinkMessage } from './link-messages.ts'
import { bytesOf, loadVectors, testGroup, testNamesAreKnown } from './load.ts'

const vectors = loadVectors('fmp-frames.json')
testNamesAreKnown(vectors, ['nodes', 'handshakes', 'frames', 'tampered'])

interface NodeVector {
  readonly name: string
  readonly secret: string
  readonly pubkey: string
  readonly node_addr: string
}

testGroup<NodeVector>(vectors, 'nodes', (vector) => {
  const identity = Identity.fromSecret(bytesOf(vector.secret))
  assert.equal(hex(identity.compressed), vector.pubkey)
  assert.equal(identity.nodeAddr, vector.node_addr)
})

function identityOf(name: string): Identity {
  const node = vectors.group<NodeVector>('nodes').find((candidate) => candidate.name === name)
  assert.ok(node !== undefined, `no node called ${name}`)
  return Identity.fromSecret(bytesOf(node.secret))
}

interface HandshakeVector {
  readonly initiator: string
  readonly initiator_ephemeral_secret: string
  readonly responder_ephemeral_secret: string
  readonly initiator_epoch: string
  readonly responder_epoch: string
  readonly msg1_wire: string
  readonly msg1: { readonly sender_idx: number; readonly noise: string }
  readonly msg2_wire: string
  readonly msg2: { readonly sender_idx: number; readonly receiver_idx: number; readonly noise: string }
  readonly initiator_send_key: string
  readonly responder_send_key: string
}

testGroup<HandshakeVector>(vectors, 'handshakes', (vector) => {
  const names = vectors.group<NodeVector>('nodes').map((node) => node.name)
  const responderName = names.find((name) => name !== vector.initiator)
  assert.ok(responderName !== undefined)
  const init = (name: string, side: 'initiator' | 'responder'): HandshakeInit => ({
    identity: identityOf(name),
    ephemeralSecret: bytesOf(vector[`${side}_ephemeral_secret`]),
    epoch: bytesOf(vector[`${side}_epoch`]),
  })
  const responderInit = init(responderName, 'responder')
  const initiator = new IkInitiator(init(vector.initiator, 'initiator'), responderInit.identity.publicKey)
  const responder = new IkResponder(responderInit)

  const wire1 = encodeMsg1(vector.msg1.sender_idx, initiator.writeMsg1())
  assert.equal(hex(wire1), vector.msg1_wire)
  const frame1 = decodeFrame(wire1)
  assert.ok(frame1.ok && frame1.value.type === 'msg1')
  assert.equal(frame1.value.senderIndex, vector.msg1.sender_idx)
  assert.equal(hex(frame1.value.noise), vector.msg1.noise)
  assert.ok(responder.readMsg1(frame1.value.noise).ok)

  const finished = responder.writeMsg2()
  const wire2 = encodeMsg2(vector.msg2.sender_idx, vector.msg2.receiver_idx, finished.message)
  assert.equal(hex(wire2), vector.msg2_wire)
  const frame2 = decodeFrame(wire2)
  assert.ok(frame2.ok && frame2.value.type === 'msg2')
  assert.equal(frame2.value.senderIndex, vector.msg2.sender_idx)
  assert.equal(frame2.value.receiverIndex, vector.msg2.receiver_idx)
  const established = initiator.readMsg2(frame2.value.noise)
  assert.ok(established.ok)
  assert.equal(hex(established.value.keys.send), vector.initiator_send_key)
  assert.equal(hex(established.value.keys.receive), vector.responder_send_key)
})

interface FrameVector {
  readonly key: string
  readonly flags: number
  readonly sp: boolean
  readonly ce: boolean
  readonly k: boolean
  readonly receiver_idx: number
  readonly counter: string
  readonly payload_len: number
  readonly timestamp: number
  readonly message_type: string
  readonly message: string
  readonly decoded: object | null
  readonly header: string
  readonly wire: string
}

function established(wire: string): EstablishedFrame {
  const frame = decodeFrame(bytesOf(wire))
  assert.ok(frame.ok && frame.value.type === 'established', 'no established frame')
  return frame.value
}

const RESERVED_FLAGS = 0xf8

/** What we write reads the same; trailing bytes and unassigned reason codes are read and never written. */
function checkReencoding(message: Uint8Array): void {
  const encoded = encodeLinkMessage(message)
  assert.deepEqual(decodeLinkMessage(encoded), decodeLinkMessage(message))
  if (encoded.length === message.length && message[0] !== LINK_MESSAGE_TYPES.disconnect) {
    assert.equal(hex(encoded), hex(message))
  }
}

testGroup<FrameVector>(vectors, 'frames', (vector) => {
  const cipher = nobleCrypto.cipher(bytesOf(vector.key))
  const frame = established(vector.wire)
  assert.deepEqual(frame.flags, { keyEpoch: vector.k, ce: vector.ce, spin: vector.sp })
  assert.equal(frame.header[1], vector.flags)
  assert.equal(frame.receiverIndex, vector.receiver_idx)
  assert.equal(frame.counter, BigInt(vector.counter))
  assert.equal(hex(frame.header), vector.header)
  const opened = openFrame(cipher, frame)
  assert.ok(opened !== undefined, 'does not open')
  assert.equal(opened.timestamp, vector.timestamp)
  assert.equal(hex(opened.message), vector.message)
  assert.equal(4 + opened.message.length, vector.payload_len)
  const sealed = sealFrame(cipher, {
    receiverIndex: vector.receiver_idx,
    counter: BigInt(vector.counter),
    flags: frame.flags,
    timestamp: vector.timestamp,
    message: opened.message,
  })
  // Reserved flag bits are accepted and never sent.
  if ((vector.flags & RESERVED_FLAGS) === 0) assert.equal(hex(sealed), vector.wire)
  const decoded = decodeLinkMessage(opened.message)
  if (vector.decoded === null) {
    assert.notEqual(decoded.result, 'accept')
  } else {
    assert.deepEqual(decoded, { result: 'accept', kind: vector.message_type, decoded: vector.decoded })
    checkReencoding(opened.message)
  }
})

interface TamperedVector {
  readonly key: string
  readonly wire: string
  readonly payload_len_matches: boolean
  readonly opens: boolean
}

testGroup<TamperedVector>(vectors, 'tampered', (vector) => {
  const frame = decodeFrame(bytesOf(vector.wire))
  assert.equal(frame.ok, vector.payload_len_matches)
  if (!frame.ok) return
  assert.ok(frame.value.type === 'established')
  const opened = openFrame(nobleCrypto.cipher(bytesOf(vector.key)), frame.value)
  assert.equal(opened !== undefined, vector.opens)
})

const replay = loadVectors('replay.json')
testNamesAreKnown(replay, ['window', 'sequences', 'check_does_not_record'])

interface SequenceVector {
  readonly counters: readonly string[]
  readonly accepted: readonly boolean[]
  readonly highest_after: string
}

test('replay.json: window', () => {
  assert.equal(replay.value('window'), REPLAY_WINDOW)
})

testGroup<SequenceVector>(replay, 'sequences', (vector) => {
  const window = new ReplayWindow()
  const accepted = vector.counters.map((text) => {
    const counter = BigInt(text)
    const fresh = window.check(counter)
    if (fresh) window.accept(counter)
    return fresh
  })
  assert.deepEqual(accepted, vector.accepted)
  assert.equal(window.highest, BigInt(vector.highest_after))
})

interface CheckVector {
  readonly after_recording: number
  readonly check_1000: boolean
  readonly check_6_afterwards: boolean
  readonly check_5_after_reset: boolean
}

test('replay.json: a check records nothing', () => {
  const vector = replay.value<CheckVector>('check_does_not_record')
  const window = new ReplayWindow()
  window.accept(BigInt(vector.after_recording))
  assert.equal(window.check(1000n), vector.check_1000)
  assert.equal(window.check(6n), vector.check_6_afterwards)
  window.reset()
  assert.equal(window.check(5n), vector.check_5_after_reset)
})
