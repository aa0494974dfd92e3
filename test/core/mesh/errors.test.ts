/** What goes wrong on the way: too big, unknown, unreachable, forged, too much. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeSessionDatagram,
  decodeSessionPayload,
  encodeSessionDatagram,
  encodeSignal,
  IPV6_OVERHEAD,
  type ErrorSignal,
} from '../../../core/fsp/index.ts'
import {
  decodeLookupResponse,
  encodeLookupResponse,
  LOOKUP_REQUEST_TYPE,
  LOOKUP_RESPONSE_TYPE,
} from '../../../core/lookup/index.ts'
import { line, MeshNet, packetBetween, tagOf, type MeshNode } from './mesh-net.ts'

function established(hops: number): ReturnType<typeof line> {
  const built = line(hops)
  const [first, last] = [built.nodes[0]!, built.nodes.at(-1)!]
  first.sendPacket(packetBetween(first, last, 0))
  built.net.run(2000)
  assert.equal(last.packets.length, 1)
  return built
}

/** A signal as a router would send it. */
function deliverSignal(net: MeshNet, to: MeshNode, via: MeshNode, signal: ErrorSignal): void {
  const { reporter: source } = signal
  const payload = encodeSignal(signal)
  const message = encodeSessionDatagram({ ttl: 60, pathMtu: 1400, source, destination: to.addr, payload })
  to.mesh.linkMessage(via.addr, message, false, net.now)
}

test('an address nobody has told us the key of is refused at once', () => {
  const net = new MeshNet()
  const [first, last] = [net.add(), net.add()]
  const packet = packetBetween(first, last, 1)
  first.sendPacket(packet)
  assert.deepEqual(first.undeliverable, [{ type: 'undeliverable', packet, reason: 'no-identity' }])
})

test('a packet too big for the first link is refused with the size that fits', () => {
  const { net, nodes } = established(2)
  const [first, last] = [nodes[0]!, nodes[2]!]
  first.sendPacket(packetBetween(first, last, 1, 1400 - IPV6_OVERHEAD))
  net.run(500)
  assert.equal(last.packets.length, 2)
  first.sendPacket(packetBetween(first, last, 2, 1400 - IPV6_OVERHEAD + 1))
  assert.deepEqual(
    first.undeliverable.map(({ reason, mtu }) => [reason, mtu]),
    [['too-big', 1400 - IPV6_OVERHEAD]],
  )
})

test('a narrow link further on is learned from its router, and from the far end', () => {
  const { net, nodes } = line(3)
  const [first, second, third, last] = [nodes[0]!, nodes[1]!, nodes[2]!, nodes[3]!]
  net.disconnect(second, third)
  net.connect(second, third, { mtu: 1357 })
  first.sendPacket(packetBetween(first, last, 1, 1300))
  net.run(3000)
  // The answer to the lookup told the way back; a bigger packet is refused before it is sent.
  first.sendPacket(packetBetween(first, last, 2, 1281))
  assert.deepEqual(
    first.undeliverable.map(({ reason, mtu }) => [reason, mtu]),
    [
      ['too-big', 1280],
      ['too-big', 1280],
    ],
  )
  first.sendPacket(packetBetween(first, last, 3, 1280))
  net.run(500)
  assert.deepEqual(last.packets.map(tagOf), [3])
})

test('a router that cannot pass a datagram on for its size says so, and the next one fits', () => {
  const { net, nodes } = established(2)
  const [first, middle, last] = [nodes[0]!, nodes[1]!, nodes[2]!]
  net.disconnect(middle, last)
  net.connect(middle, last, { mtu: 1357 })
  first.sendPacket(packetBetween(first, last, 1, 1320))
  net.run(500)
  assert.equal(middle.counters.forwarding.dropMtuExceededPackets, 1)
  assert.equal(first.counters.errors.mtuExceeded, 1)
  first.sendPacket(packetBetween(first, last, 2, 1320))
  assert.deepEqual(
    first.undeliverable.map(({ mtu }) => mtu),
    [1280],
  )
  first.sendPacket(packetBetween(first, last, 3, 1280))
  net.run(500)
  assert.ok(last.packets.map(tagOf).includes(3))
})

test('a signal that is forged, or about a session we do not have, changes nothing', () => {
  const { net, nodes } = established(2)
  const [first, middle, last] = [nodes[0]!, nodes[1]!, nodes[2]!]
  const stranger = net.add()
  deliverSignal(net, first, middle, {
    type: 'mtu-exceeded',
    destination: stranger.addr,
    reporter: middle.addr,
    mtu: 300,
  })
  deliverSignal(net, first, middle, {
    type: 'path-broken',
    destination: last.addr,
    reporter: last.addr,
    lastCoordinates: undefined,
  })
  deliverSignal(net, first, middle, {
    type: 'mtu-exceeded',
    destination: last.addr,
    reporter: middle.addr,
    mtu: 255,
  })
  const { errors } = first.counters
  assert.deepEqual(
    [errors.unboundMtu, errors.unboundBroken, errors.unboundForged, errors.mtuExceededBelowFloor],
    [1, 1, 1, 1],
  )
  first.sendPacket(packetBetween(first, last, 1, 1300))
  net.run(500)
  assert.equal(last.packets.length, 2)
})

test('a router that lost a position asks for it and gets it', () => {
  const { net, nodes } = established(3)
  const [first, second, last] = [nodes[0]!, nodes[1]!, nodes[3]!]
  // Out of warm-up, so that nothing but the signal can help the restarted router.
  for (let tag = 1; tag <= 6; tag++) first.sendPacket(packetBetween(first, last, tag))
  net.run(500)
  second.restart(99)
  first.sendPacket(packetBetween(first, last, 7))
  net.run(3000)
  assert.equal(first.counters.errors.coordsRequired, 1)
  first.sendPacket(packetBetween(first, last, 8))
  net.run(500)
  assert.ok(last.packets.map(tagOf).includes(8))
})

test('a destination that moved is found at its new place', () => {
  const { net, nodes } = established(3)
  const [first, second, third, last] = [nodes[0]!, nodes[1]!, nodes[2]!, nodes[3]!]
  net.disconnect(third, last)
  net.connect(second, last)
  for (let tag = 1; tag <= 20; tag++) {
    first.sendPacket(packetBetween(first, last, tag))
    net.run(500)
  }
  assert.ok(last.packets.map(tagOf).includes(20))
})

test('a destination nobody reaches is given up, and the host is told', () => {
  const net = new MeshNet()
  const [first, middle, gone] = [net.add(), net.add(), net.add()]
  net.connect(first, middle)
  first.knows(gone)
  first.sendPacket(packetBetween(first, gone, 1))
  net.run(60_000)
  assert.deepEqual(
    first.undeliverable.map(({ reason }) => reason),
    ['no-route'],
  )
  assert.equal(first.mesh.views.routing().pendingPackets, 0)
  assert.equal(first.mesh.deadline(), undefined)
})

test('a node that comes within reach while packets wait for it gets them', () => {
  const net = new MeshNet()
  const [first, middle, late] = [net.add(), net.add(), net.add()]
  net.connect(first, middle)
  first.knows(late)
  first.sendPacket(packetBetween(first, late, 1))
  net.run(5000)
  net.connect(middle, late)
  net.run(5000)
  assert.deepEqual(late.packets.map(tagOf), [1])
})

test('packets waiting for a session are bounded: the oldest of a destination goes, one destination too many is refused', () => {
  const net = new MeshNet()
  const first = net.add({ session: { pendingPacketsPerDest: 4, pendingMaxDestinations: 2 } })
  const others = [net.add(), net.add(), net.add()]
  for (const other of others) first.knows(other)
  for (let tag = 0; tag < 6; tag++) first.sendPacket(packetBetween(first, others[0]!, tag))
  first.sendPacket(packetBetween(first, others[1]!, 10))
  first.sendPacket(packetBetween(first, others[2]!, 11))
  assert.equal(first.mesh.views.routing().pendingPackets, 5)
  assert.equal(first.mesh.views.routing().pendingDestinations, 2)
  assert.deepEqual(
    first.undeliverable.map(({ reason }) => reason),
    ['queue-full'],
  )
  net.connect(first, others[0]!)
  net.run(2000)
  assert.deepEqual(others[0]!.packets.map(tagOf), [2, 3, 4, 5])
})

test('an answer with a wrong proof, or to no question of ours, is not believed', () => {
  const { net, nodes } = line(2)
  const [first, middle, last] = [nodes[0]!, nodes[1]!, nodes[2]!]
  let genuine: Uint8Array | undefined
  net.tap = ({ to, message }) => {
    if (to !== first || message[0] !== LOOKUP_RESPONSE_TYPE) return true
    genuine = message.slice()
    return false
  }
  first.sendPacket(packetBetween(first, last, 1))
  net.run(500)
  assert.ok(genuine !== undefined)
  const response = decodeLookupResponse(genuine)
  assert.ok(response.ok)
  const proof = response.value.proof.slice()
  proof[40]! ^= 1
  const bad = encodeLookupResponse({ ...response.value, proof })
  first.mesh.linkMessage(middle.addr, bad, false, net.now)
  const unasked = encodeLookupResponse({ ...response.value, requestId: response.value.requestId ^ 1n })
  first.mesh.linkMessage(middle.addr, unasked, false, net.now)
  assert.equal(first.counters.discovery.respProofFailed, 1)
  assert.equal(first.counters.discovery.respUnsolicited, 1)
  assert.equal(first.mesh.views.coordinateCache().length, 0)
  first.mesh.linkMessage(middle.addr, genuine, false, net.now)
  assert.equal(first.counters.discovery.respAccepted, 1)
  first.mesh.linkMessage(middle.addr, genuine, false, net.now)
  assert.equal(first.counters.discovery.respAccepted, 1, 'an answer counts once')
})

test('a lookup without an answer is asked again with longer patience, then given up', () => {
  const { net, nodes } = line(2)
  const [first, last] = [nodes[0]!, nodes[2]!]
  const askedAt: number[] = []
  net.tap = ({ from, message }) => {
    if (message[0] !== LOOKUP_REQUEST_TYPE) return true
    if (from === first) askedAt.push(net.now)
    return false
  }
  first.sendPacket(packetBetween(first, last, 1))
  net.run(15_500)
  assert.deepEqual(askedAt, [0, 1000, 3000, 7000])
  assert.deepEqual(
    first.undeliverable.map(({ reason }) => reason),
    ['no-route'],
  )
  assert.ok(first.outputs.some((output) => output.type === 'event' && output.event.type === 'lookup-failed'))
})

test('a frame played back to its destination is delivered once', () => {
  const { net, nodes } = established(1)
  const [first, last] = [nodes[0]!, nodes[1]!]
  let frame: Uint8Array | undefined
  net.tap = ({ message }) => {
    frame = message.slice()
    return true
  }
  first.sendPacket(packetBetween(first, last, 1))
  net.run(100)
  assert.ok(frame !== undefined)
  last.mesh.linkMessage(first.addr, frame, false, net.now)
  assert.deepEqual(last.packets.map(tagOf), [0, 1])
})

test('a congestion mark on the way ends up in the packet, if its sender understands it', () => {
  const { net, nodes } = established(1)
  const [first, last] = [nodes[0]!, nodes[1]!]
  const frames: Uint8Array[] = []
  net.tap = ({ message }) => {
    frames.push(message.slice())
    return false
  }
  const capable = packetBetween(first, last, 1)
  capable[1] = 0x20
  first.sendPacket(capable)
  first.sendPacket(packetBetween(first, last, 2))
  for (const frame of frames) last.mesh.linkMessage(first.addr, frame, true, net.now)
  assert.deepEqual(
    last.packets.slice(1).map((packet) => packet[1]),
    [0x30, 0x00],
  )
  assert.equal(last.counters.congestion.ceReceived, 2)
})

test('a datagram that has no hop left is not passed on', () => {
  const { net, nodes } = established(2)
  const [first, middle, last] = [nodes[0]!, nodes[1]!, nodes[2]!]
  let frame: Uint8Array | undefined
  net.tap = ({ from, message }) => {
    if (from === first) frame = message.slice()
    return false
  }
  first.sendPacket(packetBetween(first, last, 1))
  assert.ok(frame !== undefined)
  const datagram = decodeSessionDatagram(frame)
  assert.ok(datagram.ok)
  assert.ok(decodeSessionPayload(datagram.value.payload).ok)
  const tired = encodeSessionDatagram({ ...datagram.value, ttl: 1 })
  middle.mesh.linkMessage(first.addr, tired, false, net.now)
  assert.equal(middle.counters.forwarding.ttlExhaustedPackets, 1)
})

test('datagrams of services travel with their ports', () => {
  const { net, nodes } = line(2)
  const [first, last] = [nodes[0]!, nodes[2]!]
  const payload = Uint8Array.of(1, 2, 3)
  first.mesh.input(
    { type: 'datagram', to: last.identity.publicKey, sourcePort: 4000, destinationPort: 5000, payload },
    net.now,
  )
  net.run(2000)
  const datagrams = last.outputs.filter((output) => output.type === 'datagram')
  assert.equal(datagrams.length, 1)
  assert.deepEqual(datagrams[0], {
    type: 'datagram',
    from: first.identity.publicKey,
    sourcePort: 4000,
    destinationPort: 5000,
    payload,
  })
})
