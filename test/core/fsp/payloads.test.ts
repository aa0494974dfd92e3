import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  compressIpv6,
  decodeSessionDatagram,
  decodeSessionPayload,
  decompressIpv6,
  encodeSessionDatagram,
  markCongestion,
  nobleCrypto,
  nodeAddrFromBytes,
  openSession,
  rewriteHop,
  sealSession,
  sealedPayloadSize,
} from '../../../core/index.ts'

const cipher = nobleCrypto.cipher(new Uint8Array(32).fill(5))
const address = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(nodeAddrFromBytes)
const position = fc.option(fc.array(address, { minLength: 1, maxLength: 6 }), { nil: undefined })
const coordinates = fc.option(
  fc.record({ source: position, destination: position }, { noNullPrototype: true }),
  { nil: undefined },
)

const outgoing = fc.record({
  keyEpoch: fc.boolean(),
  counter: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  timestamp: fc.nat(0xffffffff),
  messageType: fc.nat(255),
  spin: fc.boolean(),
  body: fc.uint8Array({ maxLength: 300 }),
})

test('a sealed payload opens to what was sealed, coordinates beside it in clear', () => {
  fc.assert(
    fc.property(outgoing, coordinates, (message, carried) => {
      const payload = sealSession(cipher, {
        ...message,
        ...(carried === undefined ? {} : { coordinates: carried }),
      })
      assert.equal(payload.length, sealedPayloadSize(message.body.length, carried))
      const decoded = decodeSessionPayload(payload)
      assert.ok(decoded.ok && decoded.value.type === 'sealed')
      assert.equal(decoded.value.keyEpoch, message.keyEpoch)
      assert.equal(decoded.value.counter, message.counter)
      assert.deepEqual(decoded.value.coordinates, carried)
      const { timestamp, messageType, spin, body } = message
      assert.deepEqual(openSession(cipher, decoded.value), { timestamp, messageType, spin, body })
    }),
    { seed: 6, numRuns: 300 },
  )
})

test('a hop rewrites TTL and path MTU and nothing else', () => {
  fc.assert(
    fc.property(
      address,
      address,
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(255),
      fc.nat(65535),
      (source, destination, payload, ttl, pathMtu) => {
        const message = encodeSessionDatagram({ ttl: 64, pathMtu: 65535, source, destination, payload })
        rewriteHop(message, ttl, pathMtu)
        const decoded = decodeSessionDatagram(message)
        assert.ok(decoded.ok)
        assert.deepEqual(decoded.value, { ttl, pathMtu, source, destination, payload })
      },
    ),
    { seed: 7 },
  )
})

test('a packet between mesh addresses survives the shim', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 200 }),
      (start, addresses, upper) => {
        const packet = Uint8Array.of(...start, ...addresses, ...upper)
        packet[0] = 0x60 | (start[0]! & 0x0f)
        packet[4] = 0
        packet[5] = upper.length
        const shim = compressIpv6(packet)
        assert.ok(shim.ok)
        assert.equal(shim.value.length, packet.length - 33)
        const restored = decompressIpv6(shim.value, addresses.subarray(0, 16), addresses.subarray(16))
        assert.ok(restored.ok)
        assert.deepEqual(restored.value, packet)
      },
    ),
    { seed: 8 },
  )
})

test('congestion is marked only where the sender understands it', () => {
  const packet = new Uint8Array(40)
  packet[0] = 0x60
  assert.equal(markCongestion(packet), false)
  packet[1] = 0x20
  assert.equal(markCongestion(packet), true)
  assert.equal(packet[1], 0x30)
  assert.equal(markCongestion(new Uint8Array(3)), false)
})
