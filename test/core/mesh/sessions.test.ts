/** The life of sessions over a network: both ends starting at once, restarts, renewed keys, lost handshakes, silence. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeSessionDatagram, decodeSessionPayload, type SessionPayload } from '../../../core/fsp/index.ts'
import { LOOKUP_REQUEST_TYPE } from '../../../core/lookup/index.ts'
import { line, packetBetween, tagOf, type InFlight, type MeshNode } from './mesh-net.ts'

/** A session without traffic ends after so long. */
const IDLE_MS = 90_000

/** The session payload of a message; undefined for lookups. */
function payloadOf(message: Uint8Array): SessionPayload | undefined {
  const datagram = decodeSessionDatagram(message)
  if (!datagram.ok) return undefined
  const payload = decodeSessionPayload(datagram.value.payload)
  return payload.ok ? payload.value : undefined
}

/** Drops the first `count` payloads of a type on the last link of a path. */
function dropFirst(count: number, type: SessionPayload['type']): (flight: InFlight) => boolean {
  let left = count
  return ({ message }) => payloadOf(message)?.type !== type || left-- <= 0
}

function sessionOf(
  node: MeshNode,
  other: MeshNode,
): ReturnType<MeshNode['mesh']['views']['sessions']>[number] {
  const session = node.mesh.views.sessions().find((view) => view.remoteAddr === other.addr)
  assert.ok(session !== undefined, 'has a session')
  return session
}

test('both ends starting at once end up in one session, whichever address is smaller', () => {
  for (const seed of [1, 2, 3]) {
    const { net, nodes } = line(2, { delayMs: 50 }, seed)
    const [first, last] = [nodes[0]!, nodes[2]!]
    first.sendPacket(packetBetween(first, last, 1))
    last.sendPacket(packetBetween(last, first, 2))
    net.run(5000)
    assert.deepEqual(last.packets.map(tagOf), [1])
    assert.deepEqual(first.packets.map(tagOf), [2])
    const initiators = [sessionOf(first, last), sessionOf(last, first)].filter((view) => view.isInitiator)
    assert.equal(initiators.length, 1)
    assert.equal(sessionOf(first, last).state, 'established')
  }
})

for (const type of ['setup', 'ack', 'msg3'] as const) {
  test(`a lost ${type} is said again`, () => {
    const { net, nodes } = line(1)
    const [first, last] = [nodes[0]!, nodes[1]!]
    net.tap = dropFirst(1, type)
    first.sendPacket(packetBetween(first, last, 1))
    net.run(100)
    net.run(2500)
    first.sendPacket(packetBetween(first, last, 2))
    last.sendPacket(packetBetween(last, first, 3))
    net.run(500)
    assert.ok(last.packets.map(tagOf).includes(2))
    assert.deepEqual(first.packets.map(tagOf), [3])
  })
}

test('over a radio a lost msg3 is asked for by the end that misses it', () => {
  const { net, nodes } = line(1, { profile: 'constrained', delayMs: 2000 })
  const [first, last] = [nodes[0]!, nodes[1]!]
  net.tap = dropFirst(1, 'msg3')
  first.sendPacket(packetBetween(first, last, 1))
  net.run(30_000)
  assert.equal(last.packets.length, 0)
  first.sendPacket(packetBetween(first, last, 2))
  net.run(10_000)
  first.sendPacket(packetBetween(first, last, 3))
  net.run(10_000)
  // What came ahead of it was kept.
  assert.deepEqual(last.packets.map(tagOf), [1, 2, 3])
})

test('msg3 is repeated only until something under the new keys comes back', () => {
  const { net, nodes } = line(1)
  const [first, last] = [nodes[0]!, nodes[1]!]
  let sent = 0
  net.tap = ({ message }) => {
    if (payloadOf(message)?.type === 'msg3') sent++
    return true
  }
  first.sendPacket(packetBetween(first, last, 1))
  net.run(500)
  last.sendPacket(packetBetween(last, first, 2))
  net.run(20_000)
  assert.equal(sent, 1)
})

test('a peer that lost its session by a restart is greeted again, from either side', () => {
  const { net, nodes } = line(2)
  const [first, last] = [nodes[0]!, nodes[2]!]
  first.sendPacket(packetBetween(first, last, 1))
  net.run(2000)
  last.restart(77)
  net.settle()
  // The restarted end speaks first: the other one recognises the new epoch and follows at once.
  last.knows(first)
  last.sendPacket(packetBetween(last, first, 2))
  net.run(3000)
  assert.deepEqual(first.packets.map(tagOf), [2])
  first.sendPacket(packetBetween(first, last, 3))
  net.run(500)
  assert.deepEqual(last.packets.map(tagOf), [1, 3])
})

test('an end that hears nothing back greets again, and then it works', () => {
  const { net, nodes } = line(2)
  const [first, last] = [nodes[0]!, nodes[2]!]
  first.sendPacket(packetBetween(first, last, 1))
  net.run(2000)
  // The restarted end knows nobody, so it cannot greet by itself.
  last.restart(78)
  net.settle()
  for (let second = 0; second < 20; second++) {
    first.sendPacket(packetBetween(first, last, 100 + second))
    net.run(1000)
  }
  assert.ok(last.packets.map(tagOf).includes(119))
})

for (const [name, loss, delayMs] of [
  ['on a clean path', 0, 20],
  ['on a slow path', 0, 400],
] as const) {
  test(`keys are renewed under traffic without losing a packet, ${name}`, () => {
    const { net, nodes } = line(2, { loss, delayMs })
    const [first, last] = [nodes[0]!, nodes[2]!]
    first.sendPacket(packetBetween(first, last, 0))
    net.run(5000)
    const epoch = sessionOf(first, last).startedAt
    for (let tag = 1; tag <= 3000; tag++) {
      first.sendPacket(packetBetween(first, last, tag))
      last.sendPacket(packetBetween(last, first, tag))
      net.run(100)
    }
    net.run(5000)
    assert.notEqual(sessionOf(first, last).startedAt, epoch, 'rekeyed')
    assert.equal(last.packets.length, 3001)
    assert.equal(first.packets.length, 3000)
    assert.equal(first.counters.session.decryptFailed + last.counters.session.decryptFailed, 0)
  })
}

test('a rekey whose messages are lost costs no packet either', () => {
  const { net, nodes } = line(1)
  const [first, last] = [nodes[0]!, nodes[1]!]
  first.sendPacket(packetBetween(first, last, 0))
  net.run(2000)
  const epoch = sessionOf(first, last).startedAt
  let dropped = 0
  net.tap = ({ message }) => {
    const type = payloadOf(message)?.type
    const lose = type !== 'sealed' && type !== undefined && dropped++ % 3 === 0
    return !lose
  }
  for (let tag = 1; tag <= 2000; tag++) {
    first.sendPacket(packetBetween(first, last, tag))
    last.sendPacket(packetBetween(last, first, tag))
    net.run(100)
  }
  assert.ok(dropped > 0)
  assert.notEqual(sessionOf(first, last).startedAt, epoch, 'rekeyed')
  assert.equal(last.packets.length, 2001)
  assert.equal(first.packets.length, 2000)
})

test('a session without traffic is removed', () => {
  const { net, nodes } = line(1)
  const [first, last] = [nodes[0]!, nodes[1]!]
  first.sendPacket(packetBetween(first, last, 1))
  net.run(60_000)
  assert.equal(first.mesh.views.sessions().length, 1)
  net.run(60_000)
  assert.equal(first.mesh.views.sessions().length, 0)
  assert.equal(last.mesh.views.sessions().length, 0)
  first.sendPacket(packetBetween(first, last, 2))
  net.run(1000)
  assert.deepEqual(last.packets.map(tagOf), [1, 2])
})

test('a session that came up at one end alone is not trusted later: the next packet greets, and arrives', () => {
  const { net, nodes } = line(2)
  const [first, last] = [nodes[0]!, nodes[2]!]
  // The way there is cut behind the greeting.
  let isCut = false
  net.tap = ({ to, message }) => {
    isCut ||= payloadOf(message)?.type === 'ack'
    return !isCut || to !== last
  }
  first.sendPacket(packetBetween(first, last, 1))
  net.run(60_000)
  net.tap = () => true
  first.sendPacket(packetBetween(first, last, 2))
  net.run(1000)
  assert.deepEqual(last.packets.map(tagOf), [2])
})

test('a session does not end for want of traffic while its peer greets', () => {
  const { net, nodes } = line(1, { delayMs: 100 })
  const [first, last] = [nodes[0]!, nodes[1]!]
  first.sendPacket(packetBetween(first, last, 1))
  net.run(10_000)
  // One end has forgotten it, and its greeting comes in time, but not what follows.
  net.run(sessionOf(last, first).lastActivityAt + IDLE_MS - 150 - net.now)
  first.mesh.input({ type: 'probe', peer: last.identity.publicKey, act: 'hang-up' }, net.now)
  first.sendPacket(packetBetween(first, last, 2))
  net.run(10_000)
  assert.deepEqual(last.packets.map(tagOf), [1, 2])
})

test('over a radio nothing is said without need: no reports, no early resends', () => {
  const { net, nodes } = line(2, { profile: 'constrained', delayMs: 4000 })
  const [first, last] = [nodes[0]!, nodes[2]!]
  let messages = 0
  net.tap = () => {
    messages++
    return true
  }
  first.sendPacket(packetBetween(first, last, 1))
  net.run(90_000)
  assert.deepEqual(last.packets.map(tagOf), [1])
  // Lookup, response, setup, ack, msg3 and the packet, over two hops each.
  assert.ok(messages <= 12, `${messages} messages`)
  last.sendPacket(packetBetween(last, first, 2))
  net.run(60_000)
  assert.deepEqual(first.packets.map(tagOf), [2])
  assert.ok(messages <= 14, `${messages} messages`)
})

test('of what waits for a session over a radio only the last packets are sent', () => {
  const { net, nodes } = line(1, { profile: 'constrained', delayMs: 2000 })
  const [first, last] = [nodes[0]!, nodes[1]!]
  for (let tag = 0; tag < 10; tag++) first.sendPacket(packetBetween(first, last, tag))
  net.run(30_000)
  assert.deepEqual(last.packets.map(tagOf), [6, 7, 8, 9])
})

test('an impatient lookup from a fast link crosses the radio only every few seconds', () => {
  const { net, nodes } = line(2)
  const [first, middle, last] = [nodes[0]!, nodes[1]!, nodes[2]!]
  net.disconnect(middle, last)
  net.connect(middle, last, { profile: 'constrained' })
  const crossedAt: number[] = []
  net.tap = ({ from, message }) => {
    if (from !== middle || message[0] !== LOOKUP_REQUEST_TYPE) return true
    crossedAt.push(net.now)
    return false
  }
  first.sendPacket(packetBetween(first, last, 1))
  net.run(14_000)
  assert.deepEqual(crossedAt, [10, 7010])
})

test('a slow answer to the lookup makes the greeting patient, even from a fast link', () => {
  const { net, nodes } = line(3)
  const [first, second, third, last] = [nodes[0]!, nodes[1]!, nodes[2]!, nodes[3]!]
  net.disconnect(second, third)
  net.disconnect(third, last)
  net.connect(second, third, { profile: 'constrained', delayMs: 2500 })
  net.connect(third, last, { profile: 'constrained', delayMs: 2500 })
  let setups = 0
  net.tap = ({ from, message }) => {
    if (from === first && payloadOf(message)?.type === 'setup') setups++
    return true
  }
  first.sendPacket(packetBetween(first, last, 1))
  net.run(60_000)
  assert.deepEqual(last.packets.map(tagOf), [1])
  assert.equal(setups, 1)
})

test('an answer that comes after the lookup was given up still opens the way', () => {
  const { net, nodes } = line(2)
  const [first, middle, last] = [nodes[0]!, nodes[1]!, nodes[2]!]
  net.disconnect(middle, last)
  net.connect(middle, last, { profile: 'constrained', delayMs: 9000 })
  first.sendPacket(packetBetween(first, last, 1))
  net.run(25_000)
  assert.equal(first.undeliverable.length, 1)
  first.sendPacket(packetBetween(first, last, 2))
  net.run(60_000)
  assert.deepEqual(last.packets.map(tagOf), [2])
})

test('an end on a fast link notices that the path is slow and holds its reports', () => {
  const { net, nodes } = line(2)
  const [first, middle, last] = [nodes[0]!, nodes[1]!, nodes[2]!]
  net.disconnect(middle, last)
  net.connect(middle, last, { profile: 'constrained', delayMs: 5000 })
  last.knows(first)
  last.sendPacket(packetBetween(last, first, 1))
  net.run(60_000)
  assert.deepEqual(first.packets.map(tagOf), [1])
  let reports = 0
  net.tap = ({ from, frameClass }) => {
    if (from === first && frameClass === 'report') reports++
    return true
  }
  first.sendPacket(packetBetween(first, last, 2))
  net.run(60_000)
  assert.deepEqual(last.packets.map(tagOf), [2])
  assert.equal(reports, 0)
})
