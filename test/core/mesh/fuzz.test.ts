/** Bytes from outside: whatever a neighbour sends, nothing throws and nothing grows without bound. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRng } from '../../../boards/sim/index.ts'
import { randomBelow } from '../../../core/random.ts'
import { Identity } from '../../../core/identity/index.ts'
import { encodeSessionDatagram, encodeSessionHandshake } from '../../../core/fsp/index.ts'
import { line, packetBetween, tagOf } from './mesh-net.ts'

const INPUTS = 20_000

test('changed, cut and invented messages are survived, and traffic goes on', () => {
  const { net, nodes } = line(2)
  const [first, middle, last] = [nodes[0]!, nodes[1]!, nodes[2]!]
  const rng = new SeededRng(4)
  const seen: Uint8Array[] = []
  net.tap = ({ message }) => {
    if (seen.length < 200) seen.push(message.slice())
    return true
  }
  first.sendPacket(packetBetween(first, last, 0))
  last.sendPacket(packetBetween(last, first, 0))
  net.run(20_000)
  net.tap = () => true
  const types = [0x00, 0x30, 0x31]
  for (let i = 0; i < INPUTS; i++) {
    let message: Uint8Array
    if (i % 4 === 0) {
      message = rng.bytes(1 + randomBelow(rng, 300))
      message[0] = types[i % types.length]!
    } else {
      message = seen[randomBelow(rng, seen.length)]!.slice()
      if (i % 4 === 1) message = message.subarray(0, randomBelow(rng, message.length + 1))
      else message[randomBelow(rng, message.length)]! ^= 1 << randomBelow(rng, 8)
    }
    const [from, to] = i % 2 === 0 ? [first, middle] : [middle, last]
    to.mesh.linkMessage(from.addr, message, i % 3 === 0, net.now)
    if (i % 100 === 0) net.run(10)
  }
  net.run(300_000)
  first.sendPacket(packetBetween(first, last, 1))
  net.run(20_000)
  first.sendPacket(packetBetween(first, last, 2))
  net.run(5000)
  assert.ok(last.packets.map(tagOf).includes(2))
  for (const node of nodes) assert.ok(node.mesh.views.sessions().length < 10)
})

test('greetings of strangers are answered within a budget, and their half-open sessions pass', () => {
  const { net, nodes } = line(1)
  const [first, last] = [nodes[0]!, nodes[1]!]
  const rng = new SeededRng(9)
  let acks = 0
  net.tap = ({ from }) => {
    if (from === last) acks++
    return true
  }
  for (let i = 0; i < 500; i++) {
    const stranger = Identity.fromSecret(rng.bytes(32))
    const payload = encodeSessionHandshake({
      type: 'setup',
      requestAck: false,
      bidirectional: false,
      source: [stranger.nodeAddr, ...first.coordinates],
      destination: last.coordinates,
      noise: stranger.compressed,
    })
    const source = stranger.nodeAddr
    const message = encodeSessionDatagram({ ttl: 9, pathMtu: 1400, source, destination: last.addr, payload })
    last.mesh.linkMessage(first.addr, message, false, net.now)
  }
  assert.equal(last.mesh.views.sessions().length, 64)
  assert.equal(last.counters.session.setupRateLimited, 500 - 64)
  assert.ok(acks <= 64)
  net.run(130_000)
  assert.equal(last.mesh.views.sessions().length, 0)
  assert.ok(!last.outputs.some((output) => output.type === 'event' && output.event.type === 'session-down'))
})
