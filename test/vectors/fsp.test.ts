/** Session payloads: the handshake, sealed messages, error signals and the IPv6 shim. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  IPV6_OVERHEAD,
  Identity,
  SESSION_OVERHEAD,
  XkInitiator,
  XkResponder,
  compressIpv6,
  decodeSessionDatagram,
  decodeSessionPayload,
  decompressIpv6,
  encodeSessionDatagram,
  encodeSessionHandshake,
  encodeSignal,
  hex,
  markCongestion,
  nobleCrypto,
  nodeAddrOf,
  openSession,
  sealSession,
  type HandshakeInit,
} from '../../core/index.ts'
import { value } from './link-messages.ts'
import { bytesOf, checkEach, loadVectors, testGroup, testNamesAreKnown } from './load.ts'
import { showCoordinates, showHandshake, showSessionMessage, showSignal } from './session-messages.ts'

const vectors = loadVectors('fsp.json')
testNamesAreKnown(vectors, [
  'nodes',
  'overheads',
  'sessions',
  'handshake_payloads',
  'frames',
  'error_signals',
  'shim',
  'ecn_mark',
  // Decisions: session-decisions.test.ts.
  'epoch_trial_decrypt',
  'rekey_policy',
  'cutover_timer',
  'initiation_winner',
  'path_mtu_apply',
])

interface NodeVector {
  readonly name: string
  readonly secret: string
  readonly node_addr: string
  readonly ipv6: string
}

const nodes = new Map(vectors.group<NodeVector>('nodes').map((node) => [node.name, node]))

function identityOf(name: string): Identity {
  const node = nodes.get(name)
  assert.ok(node !== undefined, `no node called ${name}`)
  return Identity.fromSecret(bytesOf(node.secret))
}

function otherThan(name: string): Identity {
  const other = [...nodes.keys()].find((candidate) => candidate !== name)
  assert.ok(other !== undefined)
  return identityOf(other)
}

testGroup<NodeVector>(vectors, 'nodes', (vector) => {
  const identity = identityOf(vector.name)
  assert.equal(identity.nodeAddr, vector.node_addr)
  assert.equal(nodeAddrOf(identity.publicKey), vector.node_addr)
})

test('fsp.json: overheads', () => {
  assert.deepEqual(vectors.value('overheads'), {
    any_service_without_port_header: SESSION_OVERHEAD,
    ipv6: IPV6_OVERHEAD,
  })
})

interface SessionVector {
  readonly initiator: string
  readonly initiator_ephemeral_secret: string
  readonly responder_ephemeral_secret: string
  readonly initiator_epoch: string
  readonly responder_epoch: string
  readonly initiator_send_key: string
  readonly responder_send_key: string
}

testGroup<SessionVector>(vectors, 'sessions', (vector) => {
  const init = (identity: Identity, side: 'initiator' | 'responder'): HandshakeInit => ({
    identity,
    ephemeralSecret: bytesOf(vector[`${side}_ephemeral_secret`]),
    epoch: bytesOf(vector[`${side}_epoch`]),
  })
  const responderIdentity = otherThan(vector.initiator)
  const initiator = new XkInitiator(
    init(identityOf(vector.initiator), 'initiator'),
    responderIdentity.publicKey,
  )
  const responder = new XkResponder(init(responderIdentity, 'responder'))
  const msg1 = initiator.writeMsg1()
  value(responder.readMsg1(msg1))
  const msg2 = responder.writeMsg2()
  value(initiator.readMsg2(msg2))
  const finished = initiator.writeMsg3()
  const answered = value(responder.readMsg3(finished.message))
  assert.equal(hex(finished.keys.send), vector.initiator_send_key)
  assert.equal(hex(finished.keys.receive), vector.responder_send_key)
  assert.equal(hex(answered.keys.send), vector.responder_send_key)
  const carried = vectors
    .group<HandshakeVector>('handshake_payloads')
    .filter((payload) => payload.initiator === vector.initiator)
    .map((payload) => payload.decoded.handshake)
  for (const message of [msg1, msg2, finished.message]) {
    assert.ok(carried.includes(hex(message)), `no payload carries ${hex(message)}`)
  }
})

interface HandshakeVector {
  readonly initiator: string
  readonly wire: string
  readonly phase: number
  readonly prefix_flags: number
  readonly payload_len: number
  readonly decoded: { readonly handshake: string }
  readonly as_link_message: string
}

testGroup<HandshakeVector>(vectors, 'handshake_payloads', (vector) => {
  const wire = bytesOf(vector.wire)
  const payload = value(decodeSessionPayload(wire))
  assert.ok(payload.type === 'setup' || payload.type === 'ack' || payload.type === 'msg3')
  assert.deepEqual(showHandshake(payload, wire[4]), vector.decoded)
  assert.equal(['setup', 'ack', 'msg3'].indexOf(payload.type) + 1, vector.phase)
  const encoded = encodeSessionHandshake(payload)
  assert.equal(hex(encoded), vector.wire)
  assert.equal(encoded[1], vector.prefix_flags)
  assert.equal(encoded.length - 4, vector.payload_len)
  checkDatagram(vector.as_link_message, vector.wire)
})

function checkDatagram(message: string, payload: string): void {
  const datagram = value(decodeSessionDatagram(bytesOf(message)))
  assert.equal(hex(datagram.payload), payload)
  assert.equal(hex(encodeSessionDatagram(datagram)), message)
}

interface FrameVector {
  readonly from: string
  readonly key: string
  readonly flags: number
  readonly cp: boolean
  readonly k: boolean
  readonly counter: string
  readonly payload_len: number
  readonly src_coords: readonly string[] | null
  readonly dest_coords: readonly string[] | null
  readonly ciphertext_offset: number
  readonly timestamp: number
  readonly type: number
  readonly message_type: string
  readonly sp: boolean
  readonly body: string
  readonly decoded: object | null
  readonly wire: string
  readonly as_link_message: string
}

testGroup<FrameVector>(vectors, 'frames', (vector) => {
  const cipher = nobleCrypto.cipher(bytesOf(vector.key))
  const payload = value(decodeSessionPayload(bytesOf(vector.wire)))
  assert.ok(payload.type === 'sealed')
  assert.equal(payload.keyEpoch, vector.k)
  assert.equal(payload.counter, BigInt(vector.counter))
  assert.equal(payload.header[1], vector.flags)
  assert.equal(payload.coordinates !== undefined, vector.cp)
  assert.equal(bytesOf(vector.wire).length - payload.sealed.length, vector.ciphertext_offset)
  assert.deepEqual(showCoordinates(payload.coordinates?.source), vector.src_coords)
  assert.deepEqual(showCoordinates(payload.coordinates?.destination), vector.dest_coords)
  const opened = openSession(cipher, payload)
  assert.ok(opened !== undefined, 'does not open')
  assert.equal(opened.timestamp, vector.timestamp)
  assert.equal(opened.messageType, vector.type)
  assert.equal(opened.spin, vector.sp)
  assert.equal(hex(opened.body), vector.body)
  assert.equal(6 + opened.body.length, vector.payload_len)
  const shown = showSessionMessage(opened.messageType, opened.body)
  if (vector.decoded === null) assert.notEqual(shown.result, 'accept')
  else assert.deepEqual(shown, { result: 'accept', kind: vector.message_type, decoded: vector.decoded })
  const { coordinates } = payload
  const sealed = sealSession(cipher, {
    ...opened,
    keyEpoch: vector.k,
    counter: payload.counter,
    ...(coordinates === undefined ? {} : { coordinates }),
  })
  // Reserved flag bits are accepted and never sent.
  if ((vector.flags & 0xf8) === 0) assert.equal(hex(sealed), vector.wire)
  checkDatagram(vector.as_link_message, vector.wire)
})

interface SignalVector {
  readonly wire: string
  readonly phase: number
  readonly flags: number
  readonly payload_len: number
  readonly type: number
  readonly decoded: object
}

testGroup<SignalVector>(vectors, 'error_signals', (vector) => {
  const signal = value(decodeSessionPayload(bytesOf(vector.wire)))
  assert.ok(
    signal.type === 'coords-required' || signal.type === 'path-broken' || signal.type === 'mtu-exceeded',
  )
  assert.deepEqual(showSignal(signal), vector.decoded)
  const encoded = encodeSignal(signal)
  assert.equal(hex(encoded), vector.wire)
  assert.deepEqual(
    [encoded[0], encoded[1], encoded.length - 4, encoded[4]],
    [vector.phase, vector.flags, vector.payload_len, vector.type],
  )
})

interface ShimVector {
  readonly op: string
  readonly packet: string | null
  readonly shim: string | null
  readonly accepted: boolean
  readonly same_after_decompress?: boolean | null
  readonly decompressed?: string | null
}

test('fsp.json: shim', () => {
  // The session of every case is the one between the first two nodes.
  const [source, destination] = [...nodes.keys()].map((name) => identityOf(name).ipv6)
  assert.ok(source !== undefined && destination !== undefined)
  checkEach(vectors.group<ShimVector>('shim'), (vector) => {
    if (vector.op === 'compress') {
      assert.ok(vector.packet !== null)
      const shim = compressIpv6(bytesOf(vector.packet))
      assert.equal(shim.ok, vector.accepted)
      if (!shim.ok) return
      assert.equal(hex(shim.value), vector.shim)
      const packet = hex(value(decompressIpv6(shim.value, source, destination)))
      assert.equal(packet === vector.packet, vector.same_after_decompress)
      if (typeof vector.decompressed === 'string') assert.equal(packet, vector.decompressed)
    } else {
      assert.equal(vector.op, 'decompress', 'unknown operation')
      assert.ok(vector.shim !== null)
      const packet = decompressIpv6(bytesOf(vector.shim), source, destination)
      assert.equal(packet.ok, vector.accepted)
      if (packet.ok) assert.equal(hex(packet.value), vector.packet)
    }
  })
})

interface EcnVector {
  readonly first_4_bytes_before: string
  readonly first_4_bytes_after: string
  readonly changed: boolean
}

testGroup<EcnVector>(vectors, 'ecn_mark', (vector) => {
  const packet = new Uint8Array(40)
  packet.set(bytesOf(vector.first_4_bytes_before))
  markCongestion(packet)
  const after = hex(packet.subarray(0, 4))
  assert.equal(after, vector.first_4_bytes_after)
  assert.equal(after !== vector.first_4_bytes_before, vector.changed)
})
