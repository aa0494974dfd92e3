/** Whole nodes: link handshakes, tree and filters come up by themselves, and then packets travel end to end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipv6Of } from '../../../core/index.ts'
import { TestMesh, type TestNode, type Wire } from '../../support/mesh.ts'

const UDP = 17

function packetBetween(from: TestNode, to: TestNode, tag: number, size = 100): Uint8Array {
  const packet = new Uint8Array(size)
  const view = new DataView(packet.buffer)
  packet[0] = 0x60
  view.setUint16(4, size - 40)
  packet[6] = UDP
  packet[7] = 64
  packet.set(ipv6Of(from.addr), 8)
  packet.set(ipv6Of(to.addr), 24)
  view.setUint32(size - 4, tag)
  return packet
}

function packetsOf(node: TestNode): readonly Uint8Array[] {
  return node.outputs.flatMap((output) => (output.type === 'packet' ? [output.packet] : []))
}

/** Nodes in a line; neighbours dial each other, everybody knows the keys of both ends. */
function chain(mesh: TestMesh, wires: readonly Partial<Wire>[]): readonly TestNode[] {
  const nodes = mesh.addNodes(wires.length + 1)
  wires.forEach((wire, i) => mesh.connect(nodes[i]!, nodes[i + 1]!, wire))
  for (const node of nodes)
    for (const other of [nodes[0]!, nodes.at(-1)!])
      if (other !== node) mesh.input(node, { type: 'identity', publicKey: other.identity.publicKey })
  return nodes
}

/** Sends a packet each way until it is answered; the virtual time it took. */
function exchange(mesh: TestMesh, a: TestNode, b: TestNode, limitMs: number, everyMs = 5000): number {
  const start = mesh.now
  const [before, beforeBack] = [packetsOf(b).length, packetsOf(a).length]
  const request = packetBetween(a, b, 1)
  for (let tries = 0; mesh.now < start + limitMs; tries++) {
    mesh.input(a, { type: 'packet', packet: request })
    if (mesh.runUntil(() => packetsOf(b).length > before, everyMs)) break
  }
  assert.deepEqual(packetsOf(b).at(-1), request, `arrived after ${mesh.now - start} ms`)
  const reply = packetBetween(b, a, 2)
  while (mesh.now < start + limitMs) {
    mesh.input(b, { type: 'packet', packet: reply })
    if (mesh.runUntil(() => packetsOf(a).length > beforeBack, everyMs)) break
  }
  assert.deepEqual(packetsOf(a).at(-1), reply, `answered after ${mesh.now - start} ms`)
  return mesh.now - start
}

for (const hops of [1, 2, 4]) {
  test(`two nodes exchange IPv6 packets over ${hops} hops`, () => {
    const mesh = new TestMesh({ seed: hops })
    const nodes = chain(
      mesh,
      Array.from({ length: hops }, () => ({})),
    )
    mesh.run(10_000)
    exchange(mesh, nodes[0]!, nodes.at(-1)!, 10_000)
  })
}

test('from a radio node through a gateway to an overlay node, with radio delays and losses', () => {
  const mesh = new TestMesh({ seed: 11 })
  const radio: Partial<Wire> = { profile: 'constrained', latencyMs: 2000, jitterMs: 1000, loss: 0.05 }
  const nodes = chain(mesh, [radio, radio, {}])
  mesh.run(120_000)
  exchange(mesh, nodes[0]!, nodes.at(-1)!, 240_000, 60_000)
})

test('sessions outlive the rekeys of links and sessions, and a tenth of all frames lost', () => {
  const mesh = new TestMesh({ seed: 5 })
  const nodes = chain(mesh, [{ loss: 0.1 }, { loss: 0.1 }])
  const [a, b] = [nodes[0]!, nodes.at(-1)!]
  mesh.run(20_000)
  exchange(mesh, a, b, 30_000)
  let sent = 0
  const before = packetsOf(b).length
  for (; sent < 2000; sent++) {
    mesh.input(a, { type: 'packet', packet: packetBetween(a, b, sent) })
    mesh.run(200)
  }
  const arrived = packetsOf(b).length - before
  assert.ok(arrived > sent * 0.81 * 0.95, `${arrived} of ${sent}`)
})

test('after a restart of the far end packets reach it again', () => {
  const mesh = new TestMesh({ seed: 6 })
  const nodes = chain(mesh, [{}, {}])
  const [a, b] = [nodes[0]!, nodes.at(-1)!]
  mesh.run(10_000)
  exchange(mesh, a, b, 10_000)
  mesh.crash(b)
  mesh.run(5000)
  mesh.restart(b)
  mesh.dial(b, nodes[1]!)
  exchange(mesh, a, b, 60_000, 1000)
})

test('what the mesh half knows can be seen', () => {
  const mesh = new TestMesh({ seed: 7 })
  const nodes = chain(mesh, [{}, {}])
  const [a, b] = [nodes[0]!, nodes.at(-1)!]
  mesh.run(10_000)
  exchange(mesh, a, b, 10_000)
  mesh.run(20_000)
  const [session] = a.node.views.mesh.sessions()
  assert.ok(session !== undefined)
  assert.equal(session.remoteAddr, b.addr)
  assert.equal(session.state, 'established')
  assert.equal(session.stats.packetsSent, 1)
  assert.ok((session.mmp?.srttMs ?? 0) >= 40, 'measured')
  assert.ok(a.node.views.mesh.coordinateCache().some((entry) => entry.nodeAddr === b.addr))
  assert.ok(a.node.views.mesh.identityCache().some((entry) => entry.nodeAddr === b.addr))
  assert.equal(a.node.views.mesh.routing().pendingPackets, 0)
})
