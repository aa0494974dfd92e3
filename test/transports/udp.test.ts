import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import {
  formatSocketAddress,
  parseSocketAddress,
  systemClock,
  TransportError,
  UdpTransport,
} from '../../transports/index.ts'
import { sampleFrame, transportContract, type TransportPair } from '../contract/transport.ts'
import { eventually } from '../support/eventually.ts'
import { harmlessWraps } from './wraps.ts'

const advance = (): Promise<void> => pause(1)

async function makePair(bindA: string, bindB: string): Promise<TransportPair> {
  const a = new UdpTransport({ bindAddr: bindA })
  const b = new UdpTransport({ bindAddr: bindB })
  return {
    a,
    b,
    addressOfA: () => a.localAddr,
    addressOfB: () => b.localAddr,
    nowhere: 'example.org:2121',
    advance,
  }
}

for (const { name, wrap } of harmlessWraps(systemClock))
  transportContract(`udp IPv4 ${name}`, () => makePair('127.0.0.1:0', '127.0.0.1:0'), wrap)
transportContract('udp IPv6', () => makePair('[::1]:0', '[::1]:0'))

test('udp: a dual-stack socket and an IPv4 one call each other by plain IPv4', async (t) => {
  const dual = new UdpTransport({ bindAddr: '[::]:0' })
  const four = new UdpTransport({ bindAddr: '127.0.0.1:0' })
  t.after(() => Promise.all([dual.close(), four.close()]))
  const heard: string[] = []
  await dual.open({ frame: (from) => heard.push(from), state: () => {} })
  await four.open({ frame: (from) => heard.push(from), state: () => {} })
  const dualPort = dual.localAddr.slice(dual.localAddr.lastIndexOf(':') + 1)
  four.send(`127.0.0.1:${dualPort}`, sampleFrame(64))
  await eventually('dual hears', () => heard.length === 1, advance)
  assert.equal(heard[0], four.localAddr)
  dual.send(four.localAddr, sampleFrame(64))
  await eventually('four hears', () => heard.length === 2, advance)
  assert.equal(heard[1], `127.0.0.1:${dualPort}`)
  assert.equal(four.send('[::1]:2121', sampleFrame(64)), 'no-route')
})

test('udp: a port in use is one sentence that says what to do', async () => {
  const sink = { frame: () => {}, state: () => {} }
  const first = new UdpTransport({ bindAddr: '127.0.0.1:0' })
  await first.open(sink)
  await assert.rejects(new UdpTransport({ bindAddr: first.localAddr }).open(sink), (error) => {
    assert.ok(error instanceof TransportError)
    assert.equal(error.code, 'address-in-use')
    assert.match(error.message, /in use.*bind_addr/)
    return true
  })
  await first.close()
})

test('udp: what cannot be bound is told apart', async () => {
  const sink = { frame: () => {}, state: () => {} }
  const codeOf = async (bindAddr: string): Promise<string> => {
    try {
      await new UdpTransport({ bindAddr }).open(sink)
    } catch (error) {
      return error instanceof TransportError ? error.code : 'other'
    }
    return 'opened'
  }
  assert.equal(await codeOf('localhost:2121'), 'bad-config')
  assert.equal(await codeOf('127.0.0.1:70000'), 'bad-config')
  assert.equal(await codeOf('192.0.2.1:2121'), 'not-found')
})

test('udp: addresses have one spelling', () => {
  const spelled = (text: string): string | undefined => {
    const parsed = parseSocketAddress(text)
    return parsed.ok ? formatSocketAddress(parsed.value.host, parsed.value.port) : parsed.code
  }
  assert.equal(spelled('192.0.2.7:2121'), '192.0.2.7:2121')
  assert.equal(spelled('[::ffff:192.0.2.7]:2121'), '192.0.2.7:2121')
  assert.equal(spelled('[2001:db8::7]:1'), '[2001:db8::7]:1')
  assert.equal(spelled('[fe80::7%eth0]:1'), '[fe80::7%eth0]:1')
  for (const [text, code] of [
    ['192.0.2.7', 'no-port'],
    ['[::1]', 'no-port'],
    ['192.0.2.7:65536', 'bad-port'],
    ['192.0.2.7:x', 'bad-port'],
    ['::1:2121', 'not-numeric'],
    ['host.example:2121', 'not-numeric'],
    [':2121', 'no-port'],
    ['', 'no-port'],
  ] as const)
    assert.equal(spelled(text), code, text)
})
