import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  echoReply,
  echoRequest,
  ErrorLimit,
  fillChecksum,
  formatIpv6,
  IPV6_HEADER,
  mayAnswerWithError,
  newPacket,
  NEXT_ICMPV6,
  NEXT_UDP,
  packetTooBig,
  parseIpv6,
  payloadChecksum,
  readIcmp,
  unreachable,
  UNREACHABLE,
} from '../../../gateway/ipv6/index.ts'
import { ip } from './addresses.ts'

const OURS = ip('fd00::1')
const THEIRS = ip('fd12:3456::9')

test('icmpv6: an echo request and its answer', () => {
  const request = echoRequest({
    source: OURS,
    destination: THEIRS,
    id: 0x1234,
    sequence: 7,
    data: Uint8Array.of(1, 2, 3),
  })
  assert.equal(payloadChecksum(request), 0)
  assert.deepEqual(readIcmp(request), { type: 'echo-request', id: 0x1234, sequence: 7 })
  const reply = readIcmp(echoReply(request))
  assert.deepEqual(reply, { type: 'echo-reply', id: 0x1234, sequence: 7, data: Uint8Array.of(1, 2, 3) })
})

test('icmpv6: the checksum of a worked example', () => {
  // Summed by hand:
  // fe80::1 -> fe80::2, length 8, next header 58, 8000 0000 0001 0001.
  const packet = newPacket(ip('fe80::1'), ip('fe80::2'), NEXT_ICMPV6, 8)
  packet.set([0x80, 0, 0, 0, 0, 1, 0, 1], IPV6_HEADER)
  fillChecksum(packet, IPV6_HEADER + 2)
  // fe80 + 1 + fe80 + 2 + 8 + 3a + 8000 + 1 + 1 = 27d47 -> 7d49 -> ~ = 82b6
  assert.deepEqual([packet[42], packet[43]], [0x82, 0xb6])
})

test('icmpv6: packet too big tells the MTU, quotes the start and stays within 1280 bytes', () => {
  const original = echoRequest({
    source: OURS,
    destination: THEIRS,
    id: 5,
    sequence: 6,
    data: new Uint8Array(1400),
  })
  const error = packetTooBig(original, 1203, OURS)
  assert.equal(error.length, 1280)
  assert.deepEqual(error.subarray(48), original.subarray(0, 1232))
  assert.deepEqual(readIcmp(error), {
    type: 'error',
    kind: 'too-big',
    code: 0,
    mtu: 1203,
    about: { id: 5, sequence: 6 },
  })
})

test('icmpv6: unreachable carries its code and goes to the sender', () => {
  const original = newPacket(OURS, THEIRS, NEXT_UDP, 8)
  const error = unreachable(original, UNREACHABLE.address, THEIRS)
  assert.deepEqual(readIcmp(error), { type: 'error', kind: 'unreachable', code: 3, mtu: 0, about: undefined })
  assert.deepEqual(error.subarray(24, 40), OURS)
})

test('icmpv6: no error is sent about an error, a redirect, multicast or an unanswerable sender', () => {
  const about = (source: string, destination: string, type?: number): boolean => {
    const packet = newPacket(ip(source), ip(destination), type === undefined ? NEXT_UDP : NEXT_ICMPV6, 8)
    if (type !== undefined) packet[IPV6_HEADER] = type
    return mayAnswerWithError(packet)
  }
  assert.equal(about('fd00::1', 'fd00::2'), true)
  assert.equal(about('fd00::1', 'fd00::2', 128), true)
  assert.equal(about('fd00::1', 'fd00::2', 1), false)
  assert.equal(about('fd00::1', 'fd00::2', 127), false)
  assert.equal(about('fd00::1', 'fd00::2', 137), false)
  assert.equal(about('::', 'fd00::2'), false)
  assert.equal(about('ff02::1', 'fd00::2'), false)
  assert.equal(about('fd00::1', 'ff02::2'), false)
  assert.equal(mayAnswerWithError(new Uint8Array(39)), false)
})

test('icmpv6: reading is total, and a damaged message is not read', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      readIcmp(bytes)
      mayAnswerWithError(bytes)
    }),
    { seed: 4, numRuns: 500 },
  )
  const good = echoRequest({
    source: OURS,
    destination: THEIRS,
    id: 1,
    sequence: 1,
    data: new Uint8Array(16),
  })
  fc.assert(
    fc.property(fc.integer({ min: 8 * 8, max: good.length * 8 - 1 }), (bit) => {
      const damaged = Uint8Array.from(good)
      damaged[bit >>> 3] = (damaged[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
      assert.equal(readIcmp(damaged), undefined)
    }),
    { seed: 4, numRuns: 200 },
  )
})

test('icmpv6: ten errors a second to one source, other sources apart, memory bounded', () => {
  const limit = new ErrorLimit()
  assert.deepEqual(
    [0, 50, 99, 100, 150, 200].map((now) => limit.take(OURS, now)),
    [true, false, false, true, false, true],
  )
  assert.equal(limit.take(THEIRS, 200), true)
  for (let i = 0; i < 10_000; i++)
    assert.equal(
      limit.take(
        Uint8Array.from({ length: 16 }, (_, at) => (i >>> at) & 0xff),
        300,
      ),
      true,
    )
})

test('ipv6: addresses read and written', () => {
  for (const text of ['::', '::1', 'fd00::', 'fd12:3456:789a:1:2:3:4:5', '1:0:0:2::3', 'fe80::1:0:0:1'])
    assert.equal(formatIpv6(ip(text)), text)
  assert.equal(formatIpv6(ip('FD00:0:0:0:0:0:0:1')), 'fd00::1')
  for (const text of ['', '1', 'fd00', '::ffff:1.2.3.4', 'fe80::1%eth0', 'fd00::1::', 'fd00::12345'])
    assert.equal(parseIpv6(text), undefined, text)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (address) => {
      assert.deepEqual(parseIpv6(formatIpv6(address)), address)
    }),
    { seed: 4, numRuns: 300 },
  )
})
