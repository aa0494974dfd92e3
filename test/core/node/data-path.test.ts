/** The data path against its twin: the same network, seed and traffic through `step` and through the second door. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  hex,
  ipv6Of,
  randomUnit,
  type Counters,
  type NodeOutput,
  type PartialNodeConfig,
} from '../../../core/index.ts'
import { SeededRng } from '../../../boards/index.ts'
import { loadSodiumCrypto, nodeCrypto } from '../../../gateway/crypto/index.ts'
import { TestMesh, type TestNode, type Wire } from '../../support/mesh.ts'

const SECOND = 1000
const crypto = loadSodiumCrypto() ?? nodeCrypto

interface Scenario {
  readonly seed: number
  readonly wire?: Partial<Wire>
  readonly config?: PartialNodeConfig
  readonly packets: number
  /** Between two packets. */
  readonly pauseMs: number
}

interface Outcome {
  /** All that came out of the nodes, one line each. */
  readonly outputs: readonly string[]
  readonly trace: readonly string[]
  readonly counters: readonly Counters[]
}

/** A line of four with a cross link and a leaf, traffic between random nodes, and some of the frames sent twice or spoilt. */
function run(dataPath: boolean, scenario: Scenario): Outcome {
  const { seed, wire = {}, packets, pauseMs } = scenario
  const mesh = new TestMesh({
    seed,
    crypto,
    dataPath,
    ...(scenario.config ? { config: scenario.config } : {}),
  })
  const nodes = mesh.addNodes(6)
  for (const [from, to] of [
    [0, 1],
    [1, 2],
    [2, 3],
    [0, 2],
    [3, 4],
    [4, 5],
  ] as const)
    mesh.connect(nodes[from]!, nodes[to]!, wire)
  for (const node of nodes)
    for (const { identity } of nodes) mesh.input(node, { type: 'identity', publicKey: identity.publicKey })
  mesh.run(20 * SECOND)
  mesh.isTracing = true
  const rng = new SeededRng(seed + 1)
  const pick = (): TestNode => nodes[Math.floor(randomUnit(rng) * nodes.length)]!
  for (let i = 0; i < packets; i++) {
    const [from, to] = [pick(), pick()]
    mesh.input(from, {
      type: 'packet',
      packet: ipv6Packet(from, to, Math.floor(randomUnit(rng) * 1400), rng),
    })
    if (i % 7 === 0) disturb(mesh, rng)
    mesh.run(pauseMs)
  }
  mesh.run(5 * SECOND)
  return {
    outputs: nodes.flatMap(({ name, outputs }) => outputs.map((output) => `${name} ${line(output)}`)),
    trace: mesh.trace.map(
      ({ at, from, to, frame, frameClass }) => `${at} ${from.name}>${to} ${frameClass} ${hex(frame)}`,
    ),
    counters: nodes.map(({ node }) => node.views.counters()),
  }
}

/** Replays a frame, whole or with a byte changed, as anybody on the path could. */
function disturb(mesh: TestMesh, rng: SeededRng): void {
  const sent = mesh.trace.at(-1 - Math.floor(randomUnit(rng) * 5))
  const to = sent === undefined ? undefined : mesh.nodes.find(({ name }) => name === sent.to)
  if (sent === undefined || to === undefined) return
  const frame = sent.frame.slice()
  if (randomUnit(rng) < 0.7)
    frame[Math.floor(randomUnit(rng) * frame.length)]! ^= 1 << Math.floor(randomUnit(rng) * 8)
  mesh.input(to, { type: 'frame', transportId: 1, from: sent.from.name, frame })
}

function line(output: NodeOutput): string {
  if (output.type !== 'packet' && output.type !== 'undeliverable') return output.type
  return `${output.type} ${hex(output.packet)}`
}

function ipv6Packet(from: TestNode, to: TestNode, payload: number, rng: SeededRng): Uint8Array {
  const packet = rng.bytes(40 + payload)
  packet[0] = 0x60
  packet[4] = payload >> 8
  packet[5] = payload & 0xff
  packet.set(ipv6Of(from.addr), 8)
  packet.set(ipv6Of(to.addr), 24)
  return packet
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'in peace': { seed: 1, packets: 300, pauseMs: 100 },
  'with loss and reordering': { seed: 2, packets: 300, pauseMs: 60, wire: { loss: 0.1, jitterMs: 30 } },
  'while keys change': {
    seed: 3,
    packets: 300,
    pauseMs: 250,
    config: { rekey: { afterSecs: 20 } },
  },
  'while keys change after few messages': {
    seed: 4,
    packets: 300,
    pauseMs: 200,
    wire: { loss: 0.02 },
    config: { rekey: { afterMessages: 40 } },
  },
  'over congested links': {
    seed: 5,
    packets: 200,
    pauseMs: 100,
    wire: { loss: 0.2 },
    config: { ecn: { lossThreshold: 0.05 } },
  },
}

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  test(`both doors do the same ${name}: every frame, packet and counter`, () => {
    const [twin, door] = [run(false, scenario), run(true, scenario)]
    assert.deepEqual(door.trace, twin.trace)
    assert.deepEqual(door.outputs, twin.outputs)
    assert.deepEqual(door.counters, twin.counters)
    assert.ok(twin.outputs.filter((text) => text.includes(' packet ')).length > scenario.packets / 2)
  })
}

test('in dense traffic both doors deliver the same packets', () => {
  const scenario = { seed: 6, packets: 2000, pauseMs: 1 }
  const [twin, door] = [run(false, scenario), run(true, scenario)]
  assert.deepEqual(door.outputs.toSorted(), twin.outputs.toSorted())
})

test('plain traffic leaves through the sink', () => {
  const mesh = new TestMesh({ seed: 7, crypto, dataPath: true })
  const [a, b, c] = [mesh.addNode(), mesh.addNode(), mesh.addNode()]
  mesh.connect(a, b)
  mesh.connect(b, c)
  mesh.input(a, { type: 'identity', publicKey: c.identity.publicKey })
  mesh.run(10 * SECOND)
  const rng = new SeededRng(8)
  for (let i = 0; i < 20; i++) {
    mesh.input(a, { type: 'packet', packet: ipv6Packet(a, c, 100, rng) })
    mesh.run(100)
  }
  const packet = ipv6Packet(a, c, 100, rng)
  assert.deepEqual(a.node.packetAt(packet, 0, packet.length, mesh.now), [], 'nothing is returned')
  const sent = a.sink?.take() ?? []
  assert.deepEqual(
    sent.map(({ type }) => type),
    ['send'],
    'and the frame is in the sink',
  )
})

test('a link that loses frames keeps the small packets that pass over it from the data path, and no others', () => {
  const mesh = new TestMesh({ seed: 7, crypto, dataPath: true })
  const [hub, a, b, lossy] = [mesh.addNode(), mesh.addNode(), mesh.addNode(), mesh.addNode()]
  for (const [end, loss] of [
    [a, 0],
    [b, 0],
    [lossy, 0.4],
  ] as const) {
    mesh.connect(hub, end, { loss })
    mesh.input(a, { type: 'identity', publicKey: end.identity.publicKey })
  }
  mesh.run(30 * SECOND)
  const rng = new SeededRng(8)
  /** What the hub passes on by its data path while 20 packets go to `to`, reports of their session among it. */
  const fastTo = (to: TestNode): number => {
    let before = 0
    for (let i = 0; i < 60; i++) {
      if (i === 40) before = hub.sink?.count ?? 0
      mesh.input(a, { type: 'packet', packet: ipv6Packet(a, to, 100, rng) })
      mesh.run(200)
    }
    return (hub.sink?.count ?? 0) - before
  }
  assert.equal(fastTo(lossy), 0)
  assert.ok(fastTo(b) >= 20)
})

for (const dataPath of [false, true]) {
  test(`an IPv6 packet in a form that wire version 0 does not have is refused and counted, ${dataPath ? 'by the data path' : 'by step'}`, () => {
    const mesh = new TestMesh({ seed: 9, crypto, dataPath })
    const [a, b] = [mesh.addNode(), mesh.addNode()]
    mesh.connect(a, b)
    const refused = (form: number): number => {
      const payload = Uint8Array.of(form, ...new Uint8Array(60))
      const before = b.node.views.counters().session.malformed
      mesh.input(a, {
        type: 'datagram',
        to: b.identity.publicKey,
        sourcePort: 256,
        destinationPort: 256,
        payload,
      })
      mesh.run(5 * SECOND)
      return b.node.views.counters().session.malformed - before
    }
    assert.deepEqual([0, 1, 0x60, 0xff].map(refused), [0, 1, 1, 1])
    assert.equal(b.outputs.filter(({ type }) => type === 'packet').length, 1)
  })
}
