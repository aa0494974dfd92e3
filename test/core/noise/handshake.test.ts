import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  EPOCH_SIZE,
  IkInitiator,
  IkResponder,
  Identity,
  XkInitiator,
  XkResponder,
  type HandshakeInit,
} from '../../../core/index.ts'

function side(seed: number): HandshakeInit {
  return {
    identity: Identity.fromSecret(new Uint8Array(32).fill(seed)),
    ephemeralSecret: new Uint8Array(32).fill(seed + 0x40),
    epoch: new Uint8Array(EPOCH_SIZE).fill(seed),
  }
}

test('a forged IK message leaves both sides able to finish', () => {
  const responderInit = side(2)
  const initiator = new IkInitiator(side(1), responderInit.identity.publicKey)
  const responder = new IkResponder(responderInit)
  const msg1 = initiator.writeMsg1()
  for (const at of [0, 40, 81, 105]) assert.equal(responder.readMsg1(flipped(msg1, at)).ok, false)
  const hello = responder.readMsg1(msg1)
  assert.ok(hello.ok)
  assert.deepEqual(hello.value.remoteStatic, side(1).identity.publicKey)
  const answered = responder.writeMsg2()
  for (const at of [1, 40, 56]) assert.equal(initiator.readMsg2(flipped(answered.message, at)).ok, false)
  const finished = initiator.readMsg2(answered.message)
  assert.ok(finished.ok)
  assert.deepEqual(finished.value.keys.send, answered.keys.receive)
  assert.deepEqual(finished.value.keys.receive, answered.keys.send)
})

test('a forged XK message leaves both sides able to finish', () => {
  const responderInit = side(2)
  const initiator = new XkInitiator(side(1), responderInit.identity.publicKey)
  const responder = new XkResponder(responderInit)
  const msg1 = initiator.writeMsg1()
  assert.equal(responder.readMsg1(flipped(msg1, 0)).ok, false)
  assert.ok(responder.readMsg1(msg1).ok)
  const msg2 = responder.writeMsg2()
  assert.equal(initiator.readMsg2(flipped(msg2, 40)).ok, false)
  assert.ok(initiator.readMsg2(msg2).ok)
  const finished = initiator.writeMsg3()
  for (const at of [0, 48, 72]) assert.equal(responder.readMsg3(flipped(finished.message, at)).ok, false)
  const answered = responder.readMsg3(finished.message)
  assert.ok(answered.ok)
  assert.deepEqual(answered.value.remoteStatic, side(1).identity.publicKey)
  assert.deepEqual(answered.value.keys.receive, finished.keys.send)
})

test('calls out of order and bad inputs of ours are mistakes, not rejections', () => {
  const remote = side(2).identity.publicKey
  const initiator = new IkInitiator(side(1), remote)
  assert.throws(() => initiator.readMsg2(new Uint8Array(57)), /handshake is new/)
  initiator.writeMsg1()
  assert.throws(() => initiator.writeMsg1(), /handshake is waiting/)
  assert.throws(() => new IkResponder(side(2)).writeMsg2(), /handshake is new/)
  assert.throws(() => new XkInitiator(side(1), remote).writeMsg3(), /handshake is new/)
  assert.throws(() => new XkInitiator(side(1), new Uint8Array(32)), RangeError)
  assert.throws(() => new IkInitiator({ ...side(1), epoch: new Uint8Array(7) }, remote), RangeError)
  assert.throws(
    () => new IkInitiator({ ...side(1), ephemeralSecret: new Uint8Array(32) }, remote),
    RangeError,
  )
})

function flipped(message: Uint8Array, at: number): Uint8Array {
  const copy = message.slice()
  copy[at]! ^= 0x04
  return copy
}
