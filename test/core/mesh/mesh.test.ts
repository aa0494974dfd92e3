/** Packets end to end over mesh halves: routes, lookups and sessions come up by themselves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { line, packetBetween, tagOf } from './mesh-net.ts'

for (const hops of [1, 2, 3, 6]) {
  test(`a first packet finds its way over ${hops} hops and is answered`, () => {
    const { net, nodes } = line(hops)
    const [first, last] = [nodes[0]!, nodes.at(-1)!]
    const packet = packetBetween(first, last, 7)
    first.sendPacket(packet)
    net.run(3000)
    assert.deepEqual(last.packets, [packet])
    const reply = packetBetween(last, first, 8, 1200)
    last.sendPacket(reply)
    net.run(1000)
    assert.deepEqual(first.packets, [reply])
    assert.equal(first.undeliverable.length, 0)
    for (const between of nodes.slice(1, -1)) assert.ok(between.counters.forwarding.forwardedPackets > 0)
  })
}

test('everything sent at once while the session comes up arrives in order', () => {
  const { net, nodes } = line(2)
  const [first, last] = [nodes[0]!, nodes[2]!]
  for (let tag = 0; tag < 16; tag++) first.sendPacket(packetBetween(first, last, tag))
  net.run(3000)
  assert.deepEqual(last.packets.map(tagOf), [...Array(16).keys()])
})

test('with a tenth of all messages lost, nine of ten packets still arrive', () => {
  const { net, nodes } = line(2, { loss: 0.1 }, 3)
  const [first, last] = [nodes[0]!, nodes[2]!]
  first.sendPacket(packetBetween(first, last, 0))
  net.run(20_000)
  const before = last.packets.length
  for (let tag = 1; tag <= 500; tag++) {
    first.sendPacket(packetBetween(first, last, tag))
    net.run(50)
  }
  net.run(2000)
  const arrived = last.packets.length - before
  assert.ok(arrived > 500 * 0.81 * 0.9, `${arrived} of 500`)
})
