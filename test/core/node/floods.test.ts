/**
 * A neighbour that floods a node with one kind of message: what the others get through that node is as good as without
 * it, and what the flood costs in curve operations is bounded by a budget, not by the flood.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BloomFilter,
  encodeFilterAnnounce,
  encodeLookupRequest,
  encodeMsg1,
  encodeSessionDatagram,
  encodeSessionHandshake,
  encodeTreeAnnounce,
  Identity,
  IkInitiator,
  ipv6Of,
  nobleCrypto,
  nodeAddrFromBytes,
  SeededRng,
  signDeclaration,
  XkInitiator,
  type Crypto,
  type NodeAddr,
} from '../../../core/index.ts'
import { TestMesh, type TestNode } from '../../support/mesh.ts'
import { Microcontroller } from './microcontroller.ts'

const STEP_MS = 100
const STEPS = 60
/** Messages of the flood in each step: 200 a second. */
const PER_STEP = 20
const TARGETS = 6
const LEAST_RATIO = 0.95

/** Curve operations of all honest nodes together. */
class Costs {
  count = 0
  readonly crypto: Crypto = {
    ...nobleCrypto,
    ecdh: (secret, publicKey) => this.#counted(nobleCrypto.ecdh(secret, publicKey)),
    sign: (digest, secret, aux) => this.#counted(nobleCrypto.sign(digest, secret, aux)),
    verify: (signature, digest, publicKey) => this.#counted(nobleCrypto.verify(signature, digest, publicKey)),
  }

  #counted<T>(result: T): T {
    this.count += 1
    return result
  }
}

interface World {
  readonly mesh: TestMesh
  /** Flooded. */
  readonly hub: TestNode
  readonly left: TestNode
  readonly right: TestNode
  readonly flooder: Microcontroller
  readonly rng: SeededRng
  /** Behind `right`; nobody has asked for them yet. */
  readonly targets: readonly TestNode[]
  sequence: number
}

type Flood = (world: World) => void

/** What an honest pair gets out of the mesh: packets on a session, and nodes found and greeted for the first time. */
function serve(flood: Flood | undefined): { readonly score: number; readonly cost: number } {
  const costs = new Costs()
  const mesh = new TestMesh({ seed: 5, crypto: costs.crypto })
  const [hub, left, right] = [mesh.addNode(), mesh.addNode(), mesh.addNode()]
  const targets = mesh.addNodes(TARGETS)
  mesh.connect(left, hub)
  mesh.connect(right, hub)
  for (const target of targets) mesh.connect(target, right)
  const flooder = new Microcontroller(mesh, hub, 0x41)
  flooder.start()
  flooder.run(3000)
  const world: World = { mesh, hub, left, right, flooder, rng: new SeededRng(7), targets, sequence: 0 }
  send(world, right)
  mesh.run(2000)
  assert.equal(received(right), 1)

  costs.count = 0
  let asked = 0
  for (let step = 0; step < STEPS; step++) {
    if (flood !== undefined) for (let n = 0; n < PER_STEP; n++) flood(world)
    send(world, right)
    const target = targets[step / 8]
    if (target !== undefined) {
      send(world, target)
      asked++
    }
    mesh.run(STEP_MS)
  }
  mesh.run(1000)
  const found = targets.filter((target) => received(target) > 0).length
  assert.equal(asked, TARGETS)
  return { score: (received(right) - 1) / STEPS / 2 + found / TARGETS / 2, cost: costs.count }
}

function send({ mesh, left }: World, to: TestNode): void {
  const packet = new Uint8Array(48)
  packet.set([0x60, 0, 0, 0, 0, 8, 58, 64])
  packet.set(left.identity.ipv6, 8)
  packet.set(ipv6Of(to.addr), 24)
  mesh.input(left, { type: 'identity', publicKey: to.identity.publicKey })
  mesh.input(left, { type: 'packet', packet })
}

function received(node: TestNode): number {
  return node.outputs.filter(({ type }) => type === 'packet').length
}

function anyAddr({ rng }: World): NodeAddr {
  return nodeAddrFromBytes(rng.bytes(16))
}

function anyId({ rng }: World): bigint {
  return new DataView(rng.bytes(8).buffer).getBigUint64(0)
}

const STRANGER = Identity.fromSecret(new Uint8Array(32).fill(0x42))
const EPOCH = new Uint8Array(8)

/** Handshakes that begin well: the costly part is on the other side. */
function freshMsg1({ rng, hub }: World): Uint8Array {
  const noise = new IkInitiator(
    { identity: STRANGER, ephemeralSecret: rng.bytes(32), epoch: EPOCH },
    hub.identity.publicKey,
  )
  return encodeMsg1(7, noise.writeMsg1())
}

/** One msg1 each for all of them would make the flooder's own sums the costliest part of the test. */
function floodOfMsg1(from: (world: World) => string): Flood {
  let template: Uint8Array | undefined
  return (world) => {
    template ??= freshMsg1(world)
    const frame = template.slice()
    // Another ciphertext, so that it is none that was answered: found out only behind a curve operation.
    frame.set(world.rng.bytes(8), 60)
    world.mesh.input(world.hub, { type: 'frame', transportId: 1, from: from(world), frame })
  }
}

function position({ hub, flooder }: World): readonly NodeAddr[] {
  return [flooder.identity.nodeAddr, ...hub.node.views.tree().coordinates]
}

/** Honest in form: it changes its place with every announce. A signature costs it as much as us, so it is a fifth of a flood. */
const announces: Flood = (world) => {
  world.sequence += 1
  if (world.sequence % 5 !== 0) return
  const self = world.flooder.identity.nodeAddr
  const path = world.sequence % 2 === 0 ? [self] : position(world)
  const sequence = BigInt(world.sequence)
  const timestamp = 1_800_000_000n
  const declaration = { node: self, parent: path[1] ?? self, sequence, timestamp }
  world.flooder.send(
    encodeTreeAnnounce({
      declaration,
      ancestry: path.map((node) => ({ node, sequence, timestamp })),
      signature: signDeclaration(declaration, world.flooder.identity, nobleCrypto, new Uint8Array(32)),
    }),
  )
}

const filters: Flood = (world) => {
  // Only those of a child are merged into ours.
  if (world.sequence === 0) for (let n = 0; n < 5; n++) announces(world)
  world.sequence += 1
  const filter = BloomFilter.of(Array.from({ length: 50 }, () => anyAddr(world)))
  world.flooder.send(encodeFilterAnnounce({ sequence: BigInt(world.sequence), filter }))
}

function lookups(targetOf: (world: World) => NodeAddr): Flood {
  return (world) => {
    world.flooder.send(
      encodeLookupRequest({
        requestId: anyId(world),
        target: targetOf(world),
        origin: anyAddr(world),
        ttl: 64,
        minMtu: 0,
        originCoordinates: position(world),
      }),
    )
  }
}

/** Greetings of nodes that nobody knows, well begun: told from real ones only behind a curve operation. */
function sessions(targetOf: (world: World) => TestNode): Flood {
  let begun: Uint8Array | undefined
  return (world) => {
    const target = targetOf(world)
    begun ??= new XkInitiator(
      { identity: STRANGER, ephemeralSecret: world.rng.bytes(32), epoch: EPOCH },
      target.identity.publicKey,
    ).writeMsg1()
    const source = anyAddr(world)
    const noise = begun.slice()
    noise.set(world.rng.bytes(8), 20)
    const payload = encodeSessionHandshake({
      type: 'setup',
      requestAck: false,
      bidirectional: false,
      source: [source, ...position(world)],
      destination: target.node.views.tree().coordinates,
      noise,
    })
    const destination = target.addr
    world.flooder.send(encodeSessionDatagram({ ttl: 64, pathMtu: 1472, source, destination, payload }))
  }
}

/** Datagrams for nobody, in the name of an honest node: each calls for an error signal to it. */
const strays: Flood = (world) => {
  world.flooder.send(
    encodeSessionDatagram({
      ttl: 64,
      pathMtu: 1472,
      source: world.left.addr,
      destination: anyAddr(world),
      payload: new Uint8Array(40),
    }),
  )
}

/** Curve operations that 7 s of each flood may cost all the others together: its budgets, and what follows at neighbours. */
const FLOODS: Readonly<Record<string, readonly [flood: Flood, budget: number]>> = {
  'first messages of a stranger': [floodOfMsg1(() => 'stranger'), 80],
  'first messages of thousands of strangers': [
    floodOfMsg1(({ rng }) => `stranger ${new DataView(rng.bytes(4).buffer).getUint32(0)}`),
    250,
  ],
  'first messages from the address of a neighbour': [floodOfMsg1(() => 'microcontroller'), 80],
  announces: [announces, 100],
  filters: [filters, 20],
  'lookups of nodes that are nowhere': [lookups(anyAddr), 20],
  'lookups of the nodes the others look for': [
    lookups(({ targets, rng }) => targets[rng.bytes(1)[0]! % TARGETS]!.addr),
    700,
  ],
  'lookups of one node that the others look for': [lookups(({ targets }) => targets[2]!.addr), 250],
  'lookups of the flooded node itself': [lookups(({ hub }) => hub.addr), 300],
  'sessions with the flooded node': [sessions(({ hub }) => hub), 400],
  'sessions with a node that the others greet': [sessions(({ targets }) => targets[3]!), 400],
  'sessions with the nodes that the others greet': [
    sessions(({ targets, rng }) => targets[rng.bytes(1)[0]! % TARGETS]!),
    1800,
  ],
  'datagrams for nobody': [strays, 20],
}

const undisturbed = serve(undefined)
assert.equal(undisturbed.score, 1)

for (const [what, [flood, budget]] of Object.entries(FLOODS)) {
  test(`a flood of ${what} leaves the others' service as it was`, (t) => {
    const flooded = serve(flood)
    const ratio = flooded.score / undisturbed.score
    const cost = flooded.cost - undisturbed.cost
    t.diagnostic(
      `${what}: delivery ${ratio.toFixed(3)} of undisturbed, ${cost} curve operations for ${STEPS * PER_STEP} messages`,
    )
    assert.ok(ratio >= LEAST_RATIO, `delivery ${ratio}`)
    assert.ok(cost <= budget, `${cost} curve operations`)
  })
}
