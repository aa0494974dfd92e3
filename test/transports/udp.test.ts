import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import { batchIo } from '../../transports/native/index.ts'
import { openSocket } from '../../transports/udp/open-socket.ts'
import {
  formatSocketAddress,
  openDgramSocket,
  parseSocketAddress,
  systemClock,
  TransportError,
  UdpTransport,
  type OpenDatagramSocket,
} from '../../transports/index.ts'
import { sampleFrame, transportContract, type TransportPair } from '../contract/transport.ts'
import { eventually } from '../support/eventually.ts'
import { harmlessWraps } from './wraps.ts'

const advance = (): Promise<void> => pause(1)
const deaf = { frame: () => {}, state: () => {} }

/** The contract and the rest hold whichever way datagrams are moved. */
const SOCKETS: readonly { readonly name: string; readonly openSocket: OpenDatagramSocket }[] = [
  { name: 'one by one', openSocket: openDgramSocket },
  ...(batchIo() !== undefined ? [{ name: 'in batches', openSocket }] : []),
]

for (const { name, openSocket } of SOCKETS) {
  const transport = (bindAddr: string): UdpTransport => new UdpTransport({ bindAddr, openSocket })

  const makePair = async (bindAddr: string): Promise<TransportPair> => {
    const [a, b] = [transport(bindAddr), transport(bindAddr)]
    return {
      a,
      b,
      addressOfA: () => a.localAddr,
      addressOfB: () => b.localAddr,
      nowhere: 'example.org:2121',
      advance,
    }
  }

  for (const { name: around, wrap } of harmlessWraps(systemClock))
    transportContract(`udp IPv4 ${name} ${around}`, () => makePair('127.0.0.1:0'), wrap)
  transportContract(`udp IPv6 ${name}`, () => makePair('[::1]:0'))

  test(`udp ${name}: a dual-stack socket and an IPv4 one call each other by plain IPv4`, async (t) => {
    const dual = transport('[::]:0')
    const four = transport('127.0.0.1:0')
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

  test(`udp ${name}: two senders are told apart, and each has its hundred answers`, async (t) => {
    const [hub, ...senders] = [transport('127.0.0.1:0'), transport('127.0.0.1:0'), transport('127.0.0.1:0')]
    t.after(() => Promise.all([hub, ...senders].map((each) => each?.close())))
    const answer = (from: string): void => {
      for (let i = 0; i < 100; i++) hub?.send(from, sampleFrame(64, i))
    }
    const fills: number[][] = senders.map(() => [])
    await hub?.open({ frame: answer, state: () => {} })
    for (const [i, sender] of senders.entries())
      await sender.open({ frame: (_from, frame) => fills[i]?.push(frame[40] ?? -1), state: () => {} })
    for (const sender of senders) sender.send(hub?.localAddr ?? '', sampleFrame(64))
    await eventually('all answers arrive', () => fills.flat().length === 200, advance)
    for (const each of fills)
      assert.deepEqual(
        each,
        Array.from({ length: 100 }, (_, i) => i),
      )
  })

  test(`udp ${name}: a port in use is one sentence that says what to do`, async () => {
    const first = transport('127.0.0.1:0')
    await first.open(deaf)
    await assert.rejects(transport(first.localAddr).open(deaf), (error) => {
      assert.ok(error instanceof TransportError)
      assert.equal(error.code, 'address-in-use')
      assert.match(error.message, /in use.*bind_addr/)
      return true
    })
    await first.close()
  })

  test(`udp ${name}: what cannot be bound is told apart`, async () => {
    const codeOf = async (bindAddr: string): Promise<string> => {
      try {
        await transport(bindAddr).open(deaf)
      } catch (error) {
        return error instanceof TransportError ? error.code : 'other'
      }
      return 'opened'
    }
    assert.equal(await codeOf('localhost:2121'), 'bad-config')
    assert.equal(await codeOf('127.0.0.1:70000'), 'bad-config')
    assert.equal(await codeOf('192.0.2.1:2121'), 'not-found')
  })
}

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
