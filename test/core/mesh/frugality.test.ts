/** What crosses a radio because an end on a fast link does not know of it, and what is done about it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeSessionDatagram, decodeSessionPayload, type SessionPayload } from '../../../core/fsp/index.ts'
import { line, packetBetween, tagOf, type InFlight, type MeshNet, type MeshNode } from './mesh-net.ts'

function typeOf(message: Uint8Array): SessionPayload['type'] | undefined {
  const datagram = decodeSessionDatagram(message)
  if (!datagram.ok) return undefined
  const payload = decodeSessionPayload(datagram.value.payload)
  return payload.ok ? payload.value.type : undefined
}

/**
 * `first` on a fast link to `middle`, `last` behind a radio of `middle`. The lookup is quick and over, as if `first` had
 * learned the position in passing, so that nothing has told it yet that the path is slow.
 */
function radioBehind(delayMs: number): {
  net: MeshNet
  first: MeshNode
  middle: MeshNode
  last: MeshNode
} {
  const { net, nodes } = line(2)
  const [first, middle, last] = [nodes[0]!, nodes[1]!, nodes[2]!]
  net.tap = ({ message }) => typeOf(message) === undefined
  first.sendPacket(packetBetween(first, last, 1))
  net.run(100)
  net.disconnect(middle, last)
  net.connect(middle, last, { profile: 'constrained', delayMs })
  net.tap = () => true
  return { net, first, middle, last }
}

/** Counts what `matches`, and lets everything pass. */
function count(net: MeshNet, matches: (flight: InFlight) => boolean): () => number {
  let counted = 0
  net.tap = (flight) => {
    if (matches(flight)) counted++
    return true
  }
  return () => counted
}

test('an initiator learns from the answer to a repeated setup that the path is slow, and holds its reports', () => {
  const { net, first, last } = radioBehind(2500)
  const reports = count(net, ({ from, frameClass }) => from === first && frameClass === 'report')
  net.run(20_000)
  assert.deepEqual(last.packets.map(tagOf), [1])
  first.sendPacket(packetBetween(first, last, 2))
  last.sendPacket(packetBetween(last, first, 3))
  net.run(60_000)
  assert.deepEqual(first.packets.map(tagOf), [3])
  assert.equal(reports(), 0)
})

test('a setup said again at once on a path that turns out fast leaves the session talkative', () => {
  const { net, nodes } = line(1)
  const [first, last] = [nodes[0]!, nodes[1]!]
  let lost = 2
  net.tap = ({ message }) => typeOf(message) !== 'setup' || lost-- <= 0
  first.sendPacket(packetBetween(first, last, 1))
  net.run(3500)
  last.sendPacket(packetBetween(last, first, 2))
  net.run(500)
  const reports = count(net, ({ from, frameClass }) => from === first && frameClass === 'report')
  first.sendPacket(packetBetween(first, last, 3))
  net.run(3000)
  assert.deepEqual(last.packets.map(tagOf), [1, 3])
  assert.ok(reports() > 0)
})

test('reports that nobody answers become rare, and are as frequent as before when somebody does', () => {
  const { net, nodes } = line(1)
  const [first, last] = [nodes[0]!, nodes[1]!]
  let [isDeaf, reports] = [true, 0]
  net.tap = ({ from, frameClass }) => {
    if (frameClass !== 'report') return true
    if (from === first) reports++
    return !isDeaf || from === first
  }
  const talk = (seconds: number): void => {
    for (let i = 0; i < seconds; i++) {
      first.sendPacket(packetBetween(first, last, i))
      net.run(1000)
    }
  }
  talk(600)
  // One path MTU notification in 10 s, and of the reports no more than the backoff leaves.
  assert.ok(reports < 60 + 20, `${reports} reports in ten minutes`)
  isDeaf = false
  talk(310)
  reports = 0
  talk(60)
  assert.ok(reports > 30, `${reports} reports in a minute`)
})

test('reports become rare while no data passes, and are as frequent as before when some does', () => {
  const { net, nodes } = line(1)
  const [first, last] = [nodes[0]!, nodes[1]!]
  const reports = count(net, ({ frameClass }) => frameClass === 'report')
  first.sendPacket(packetBetween(first, last, 1))
  net.run(80_000)
  assert.ok(reports() < 60, `${reports()} reports in 80 s of silence`)
  const before = reports()
  for (let i = 0; i < 20; i++) {
    first.sendPacket(packetBetween(first, last, i))
    net.run(1000)
  }
  assert.ok(reports() - before > 40, `${reports() - before} reports in 20 s of traffic`)
})

test('copies of a setup that are for impatience stop at the radio; one that is for a loss crosses it', () => {
  const { net, first, middle, last } = radioBehind(2500)
  let isDeaf = true
  const setupsAt: number[] = []
  net.tap = ({ from, message }) => {
    if (typeOf(message) !== 'setup' || from !== middle) return true
    setupsAt.push(Math.round(net.now / 1000))
    return !isDeaf
  }
  net.run(10_000)
  assert.deepEqual(setupsAt, [1])
  assert.equal(middle.counters.forwarding.dropRepeatedHandshakes, 2)
  isDeaf = false
  net.run(20_000)
  assert.deepEqual(setupsAt, [1, 15])
  assert.deepEqual(last.packets.map(tagOf), [1])
  assert.ok(first.counters.forwarding.originatedPackets > 3)
})
