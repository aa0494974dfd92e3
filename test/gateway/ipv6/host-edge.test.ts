import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  clampMss,
  fillChecksum,
  HostEdge,
  IPV6_HEADER,
  mssLimit,
  mssOf,
  newPacket,
  NEXT_TCP,
  NEXT_UDP,
  payloadChecksum,
  readIcmp,
} from '../../../gateway/ipv6/index.ts'
import { ip } from './addresses.ts'

const OURS = ip('fd00::1')
const FAR = ip('fd00::2')

function edge(pathMtu?: number): HostEdge {
  return new HostEdge({ address: OURS, linkMtu: () => 1357, pathMtu: () => pathMtu })
}

/** A SYN whose options are `options`, padded with zeros. */
function syn(options: readonly number[], source = OURS, destination = FAR): Uint8Array {
  const padded = Math.ceil(options.length / 4) * 4
  const packet = newPacket(source, destination, NEXT_TCP, 20 + padded)
  packet[IPV6_HEADER + 12] = ((20 + padded) / 4) << 4
  packet[IPV6_HEADER + 13] = 0x02
  packet.set(options, IPV6_HEADER + 20)
  fillChecksum(packet, IPV6_HEADER + 16)
  return packet
}

function mssOfSyn(packet: Uint8Array, at = 22): number {
  return ((packet[IPV6_HEADER + at] ?? 0) << 8) | (packet[IPV6_HEADER + at + 1] ?? 0)
}

test('host edge: a packet for the mesh goes, what does not belong there is refused by name', () => {
  const verdict = (packet: Uint8Array): string => {
    const answer = edge().fromHost(packet, 0)
    return answer.type === 'drop' ? answer.reason : answer.type
  }
  assert.equal(verdict(newPacket(OURS, FAR, NEXT_UDP, 8)), 'forward')
  assert.equal(verdict(newPacket(OURS, OURS, NEXT_UDP, 8)), 'answer')
  assert.equal(verdict(newPacket(ip('fe80::1'), ip('ff02::2'), NEXT_UDP, 8)), 'multicast')
  assert.equal(verdict(new Uint8Array(60)), 'malformed')
  assert.equal(verdict(newPacket(OURS, FAR, NEXT_UDP, 8).subarray(0, 45)), 'malformed')
  const dead = newPacket(OURS, FAR, NEXT_UDP, 8)
  dead[7] = 0
  assert.equal(verdict(dead), 'hop-limit')
})

test('host edge: destinations outside the mesh and foreign sources are answered, ten times a second', () => {
  const host = edge()
  const outside = host.fromHost(newPacket(OURS, ip('2001:db8::1'), NEXT_UDP, 8), 0)
  assert.equal(outside.type, 'answer')
  assert.ok(outside.type === 'answer')
  assert.deepEqual(readIcmp(outside.packet), {
    type: 'error',
    kind: 'unreachable',
    code: 0,
    mtu: 0,
    about: undefined,
  })
  assert.deepEqual(host.fromHost(newPacket(OURS, ip('2001:db8::1'), NEXT_UDP, 8), 99), {
    type: 'drop',
    reason: 'not-mesh',
  })
  const foreign = host.fromHost(newPacket(ip('fd00::77'), FAR, NEXT_UDP, 8), 99)
  assert.ok(foreign.type === 'answer')
  const message = readIcmp(foreign.packet)
  assert.ok(message?.type === 'error' && message.code === 5)
})

test('host edge: from the mesh only what is for us', () => {
  assert.equal(edge().fromMesh(newPacket(FAR, OURS, NEXT_UDP, 8)).type, 'forward')
  assert.deepEqual(edge().fromMesh(newPacket(FAR, ip('fd00::3'), NEXT_UDP, 8)), {
    type: 'drop',
    reason: 'not-ours',
  })
  assert.deepEqual(edge().fromMesh(newPacket(FAR, ip('ff02::1'), NEXT_UDP, 8)), {
    type: 'drop',
    reason: 'multicast',
  })
  assert.deepEqual(edge().fromMesh(Uint8Array.of(1)), { type: 'drop', reason: 'malformed' })
})

test('host edge: an undeliverable packet is answered by its reason', () => {
  const host = edge()
  const packet = newPacket(OURS, FAR, NEXT_UDP, 8)
  const answer = (reason: Parameters<HostEdge['undeliverable']>[1], now: number, mtu?: number): unknown => {
    const error = host.undeliverable(packet, reason, mtu, now)
    const message = error === undefined ? undefined : readIcmp(error)
    return message?.type === 'error' ? `${message.kind} ${message.code} ${message.mtu}` : undefined
  }
  assert.equal(answer('too-big', 0, 1203), 'too-big 0 1203')
  assert.equal(answer('too-big', 1000), 'too-big 0 1280')
  assert.equal(answer('no-route', 2000), 'unreachable 0 0')
  assert.equal(answer('no-identity', 3000), 'unreachable 3 0')
  assert.equal(answer('no-session', 4000), 'unreachable 3 0')
  assert.equal(answer('queue-full', 5000), undefined)
  assert.equal(answer('no-route', 5000), 'unreachable 0 0')
})

test('mss: the limit is the path, the IPv6 minimum until it is known, and never beyond our link', () => {
  assert.equal(mssOf(1280), 1143)
  assert.equal(mssLimit(1357, undefined), 1143)
  assert.equal(mssLimit(1357, 1500), 1220)
  assert.equal(mssLimit(1500, 1357), 1220)
  assert.equal(mssLimit(1200, undefined), 1063)
  assert.equal(mssLimit(1357, 100), 1143)
})

test('mss: a SYN either way is lowered with a right checksum, and only then', () => {
  const out = syn([2, 4, 0x05, 0xa0, 1, 1, 4, 2])
  const verdict = edge(1300).fromHost(out, 0)
  assert.equal(verdict.type, 'forward')
  assert.equal(mssOfSyn(out), mssOf(1300))
  assert.equal(payloadChecksum(out), 0)

  const back = syn([1, 1, 2, 4, 0x05, 0xa0], FAR, OURS)
  edge().fromMesh(back)
  assert.equal(mssOfSyn(back, 24), 1143)
  assert.equal(payloadChecksum(back), 0)

  const small = syn([2, 4, 0x01, 0x00])
  assert.equal(clampMss(small, 1143), false)
  const notSyn = syn([2, 4, 0x05, 0xa0])
  notSyn[IPV6_HEADER + 13] = 0x10
  assert.equal(clampMss(notSyn, 1143), false)
  assert.equal(clampMss(syn([2, 4, 0x05, 0xa0]), 0), false)
  assert.equal(clampMss(syn([0, 2, 4, 0x05]), 100), false)
  assert.equal(clampMss(syn([3, 0, 2, 4]), 100), false)
  assert.equal(clampMss(syn([3, 40, 2, 4]), 100), false)
})

test('mss: no packet makes it throw or grow', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(255), (payload, flags) => {
      const packet = newPacket(OURS, FAR, NEXT_TCP, payload.length)
      packet.set(payload, IPV6_HEADER)
      if (packet.length > IPV6_HEADER + 13) packet[IPV6_HEADER + 13] = flags
      const length = packet.length
      clampMss(packet, 536)
      assert.equal(packet.length, length)
    }),
    { seed: 5, numRuns: 500 },
  )
})
