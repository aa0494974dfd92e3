/** While the tree is in a ring, or filters are old, what follows the filters could go round; nodes notice and let it go no further. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeSessionDatagram, encodeSessionDatagram, LINK_MESSAGE_TYPES } from '../../../core/index.ts'
import { addrOf } from '../addr.ts'
import { MeshNet, type MeshNode } from './mesh-net.ts'

const TTL = 60

/**
 * A node with a way to `far` through `next`, and with two others, `above` and `beside`, that send what is for `far` here.
 * Nobody knows where `far` is, so that the filters lead.
 */
function crossing() {
  const net = new MeshNet()
  const [node, next, far, above, beside] = [net.add(), net.add(), net.add(), net.add(), net.add()]
  for (const [a, b] of [
    [node, next],
    [next, far],
    [node, above],
    [node, beside],
  ] as const)
    net.connect(a, b)
  // As they were told in turn while the tree was in a ring: our parent's path runs through `above`.
  next.coordinates = [next.addr, above.addr, addrOf(1)]
  node.coordinates = [node.addr, ...next.coordinates]
  /** Hops left to what went on to `next`. */
  const wentOn: number[] = []
  net.tap = ({ from, to, message }) => {
    const decoded = decodeSessionDatagram(message)
    const isOnward = message[0] === LINK_MESSAGE_TYPES['session-datagram'] && from === node && to === next
    if (isOnward && decoded.ok) wentOn.push(decoded.value.ttl)
    return false
  }
  const send = (from: MeshNode, ttl: number, tag = 1): void => {
    const payload = new Uint8Array(60)
    new DataView(payload.buffer).setUint32(payload.length - 4, tag)
    const { addr: source } = beside
    const message = encodeSessionDatagram({ ttl, pathMtu: 1400, source, destination: far.addr, payload })
    node.mesh.linkMessage(from.addr, message, false, net.now)
  }
  return { net, node, above, beside, wentOn, send }
}

test('what comes back with fewer hops left has gone round, and goes no further', () => {
  const { node, beside, wentOn, send } = crossing()
  send(beside, TTL)
  send(beside, TTL - 3)
  assert.deepEqual(wentOn, [TTL - 1])
  assert.equal(node.counters.forwarding.dropNoRoutePackets, 1)
})

test('copies that travel together, and other datagrams, go on', () => {
  const { beside, wentOn, send } = crossing()
  send(beside, TTL)
  send(beside, TTL)
  send(beside, TTL - 3, 2)
  assert.deepEqual(wentOn, [TTL - 1, TTL - 1, TTL - 4])
})

test('what its source repeats later goes on, be its way longer than before', () => {
  const { net, beside, wentOn, send } = crossing()
  send(beside, TTL)
  net.run(1000)
  send(beside, TTL - 1)
  assert.deepEqual(wentOn, [TTL - 1, TTL - 2])
})

test('of many only the last thousand are known again', () => {
  const goesOn = (others: number): boolean => {
    const { beside, wentOn, send } = crossing()
    send(beside, TTL)
    for (let tag = 2; tag < others + 2; tag++) send(beside, TTL, tag)
    send(beside, TTL - 3)
    return wentOn.at(-1) === TTL - 4
  }
  assert.deepEqual([1000, 1024].map(goesOn), [false, true])
})

test('what comes from a node above does not go up again', () => {
  const { above, beside, wentOn, send } = crossing()
  send(above, TTL, 1)
  assert.deepEqual(wentOn, [])
  send(beside, TTL, 2)
  assert.deepEqual(wentOn, [TTL - 1])
})

test('a neighbour that fell silent draws nothing round in a circle between those next to it', () => {
  const net = new MeshNet()
  const byAddr = Array.from({ length: 5 }, () => net.add()).toSorted((a, b) => (a.addr < b.addr ? -1 : 1))
  const pick = (i: number): MeshNode => byAddr[i]!
  const [root, above, parent, node, silent] = [pick(0), pick(1), pick(2), pick(3), pick(4)]
  for (const [a, b] of [
    [root, above],
    [above, parent],
    [parent, node],
    [above, node],
    [root, silent],
    [node, silent],
  ] as const)
    net.connect(a, b)
  node.coordinates = [node.addr, parent.addr, above.addr, root.addr]
  parent.coordinates = [parent.addr, above.addr, root.addr]
  silent.coordinates = [silent.addr, root.addr]
  net.silent.add(silent)
  const sent: MeshNode[] = []
  net.tap = ({ from, to, message }) => {
    const decoded = decodeSessionDatagram(message)
    if (from === node && decoded.ok && decoded.value.destination === silent.addr) sent.push(to)
    return false
  }
  const [source, destination] = [above.addr, silent.addr]
  const message = encodeSessionDatagram({
    ttl: TTL,
    pathMtu: 1400,
    source,
    destination,
    payload: new Uint8Array(60),
  })
  node.mesh.linkMessage(parent.addr, message, false, net.now)
  assert.deepEqual(sent, [], 'the way over `above` leads back here')
})

test('a child that moved with all below it is still the way to them, while the filters have not followed', () => {
  const net = new MeshNet()
  const byAddr = Array.from({ length: 5 }, () => net.add()).toSorted((a, b) => (a.addr < b.addr ? -1 : 1))
  const pick = (i: number): MeshNode => byAddr[i]!
  const [root, node, other, child, far] = [pick(0), pick(1), pick(2), pick(3), pick(4)]
  for (const [a, b] of [
    [root, node],
    [root, other],
    [node, child],
    [other, child],
    [child, far],
  ] as const)
    net.connect(a, b)
  const payload = new Uint8Array(60)
  const to = far.identity.publicKey
  root.mesh.input({ type: 'datagram', to, sourcePort: 9, destinationPort: 9, payload }, net.now)
  net.run(1000)
  child.coordinates = [child.addr, other.addr, root.addr]
  far.coordinates = [far.addr, ...child.coordinates]
  const sent: MeshNode[] = []
  net.tap = ({ from, to: next, message }) => {
    const decoded = decodeSessionDatagram(message)
    if (from === node && decoded.ok && decoded.value.destination === far.addr) sent.push(next)
    return false
  }
  const [source, destination] = [root.addr, far.addr]
  const message = encodeSessionDatagram({ ttl: TTL, pathMtu: 1400, source, destination, payload })
  node.mesh.linkMessage(root.addr, message, false, net.now)
  assert.deepEqual(sent, [child])
})
