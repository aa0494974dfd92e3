import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  newPacket,
  NEXT_UDP,
  packetTooBig,
  parseIpv6,
  unreachable,
  UNREACHABLE,
} from '../../../gateway/ipv6/index.ts'
import { UserspaceHost } from '../../../gateway/tun/index.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

function ip(text: string): Uint8Array {
  const address = parseIpv6(text)
  assert.ok(address)
  return address
}

function pair(): {
  clock: VirtualClock
  a: UserspaceHost
  b: UserspaceHost
  onA: (use: (packet: Uint8Array) => void) => void
} {
  const clock = new VirtualClock()
  const a = new UserspaceHost({ address: ip('fd00::a'), clock })
  const b = new UserspaceHost({ address: ip('fd00::b'), clock })
  return { clock, a, b, onA: (use) => a.start(use) }
}

test('userspace host: two of them ping each other', async () => {
  const { clock, a, b } = pair()
  a.start((packet) => clock.after(30, () => b.write(Uint8Array.from(packet))))
  b.start((packet) => clock.after(30, () => a.write(Uint8Array.from(packet))))
  const result = a.ping('fd00::b', { dataBytes: 100 })
  clock.advance(100)
  assert.deepEqual(await result, { ok: true, rttMs: 60, bytes: 148 })
})

test('userspace host: silence, refusal and size are told apart', async () => {
  const { clock, a, onA } = pair()
  let answer: ((packet: Uint8Array) => Uint8Array | undefined) | undefined
  onA((packet) => {
    const reply = answer?.(Uint8Array.from(packet))
    if (reply !== undefined) clock.after(1, () => a.write(reply))
  })
  const ask = async (): Promise<unknown> => {
    const result = a.ping(ip('fd00::b'), { timeoutMs: 500 })
    clock.advance(600)
    return result
  }
  assert.deepEqual(await ask(), { ok: false, reason: 'timeout' })
  answer = (packet) => unreachable(packet, UNREACHABLE.noRoute, ip('fd00::a'))
  assert.deepEqual(await ask(), { ok: false, reason: 'unreachable' })
  answer = (packet) => packetTooBig(packet, 900, ip('fd00::a'))
  assert.deepEqual(await ask(), { ok: false, reason: 'too-big', mtu: 900 })
  answer = () => newPacket(ip('fd00::b'), ip('fd00::a'), NEXT_UDP, 8)
  assert.deepEqual(await ask(), { ok: false, reason: 'timeout' })
  assert.deepEqual(await a.ping('fd00::b', { dataBytes: 2000 }), { ok: false, reason: 'too-big', mtu: 1280 })
  assert.deepEqual(await a.ping('not an address'), { ok: false, reason: 'not-sent' })
})

test('userspace host: close settles what waits', async () => {
  const { a, onA } = pair()
  onA(() => {})
  const waiting = a.ping('fd00::b')
  await a.close()
  assert.deepEqual(await waiting, { ok: false, reason: 'closed' })
  assert.deepEqual(await a.ping('fd00::b'), { ok: false, reason: 'closed' })
  assert.equal(a.write(newPacket(ip('fd00::b'), ip('fd00::a'), NEXT_UDP, 8)), false)
})
