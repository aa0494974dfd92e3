/** Congestion, from where it is felt to the header of the packet: a lossy link, or a host that cannot keep up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipv6Of, type PartialNodeConfig } from '../../../core/index.ts'
import { TestMesh, type TestNode, type Wire } from '../../support/mesh.ts'

const SECOND = 1000
const STOCK = 1
/** Second byte of an IPv6 header whose sender understands marks, and what a mark makes of it. */
const [CAPABLE, MARKED, INCAPABLE] = [0x20, 0x30, 0x00]

interface World {
  readonly mesh: TestMesh
  readonly from: TestNode
  readonly middle: TestNode
  readonly to: TestNode
  readonly last: Wire
}

function world(config: PartialNodeConfig = {}): World {
  const mesh = new TestMesh({ seed: 4, config })
  const [from, middle, to] = [mesh.addNode(), mesh.addNode(), mesh.addNode()]
  mesh.connect(from, middle)
  const last = mesh.connect(middle, to)
  mesh.run(5 * SECOND)
  const at = { mesh, from, middle, to, last }
  assert.equal(sendMarked(at, CAPABLE), CAPABLE, 'nothing is marked while all is well')
  return at
}

/** Sends one packet and returns the second byte of its header as it arrives; undefined when it is lost. */
function sendMarked({ mesh, from, to }: World, trafficClass: number): number | undefined {
  const packet = new Uint8Array(48)
  packet.set([0x60, trafficClass, 0, 0, 0, 8, 58, 64])
  packet.set(from.identity.ipv6, 8)
  packet.set(ipv6Of(to.addr), 24)
  mesh.input(from, { type: 'identity', publicKey: to.identity.publicKey })
  const before = to.outputs.length
  mesh.input(from, { type: 'packet', packet })
  mesh.run(2 * SECOND)
  const arrived = to.outputs.slice(before).find(({ type }) => type === 'packet')
  return arrived?.type === 'packet' ? arrived.packet[1] : undefined
}

test('a host that loses frames marks what it forwards, for those who understand, until it is over', () => {
  const at = world()
  const drop = (isDropping: boolean): void =>
    at.mesh.input(at.middle, { type: 'receive-drops', transportId: STOCK, isDropping })
  drop(true)
  assert.equal(sendMarked(at, CAPABLE), MARKED)
  assert.equal(sendMarked(at, INCAPABLE), INCAPABLE)
  drop(false)
  assert.equal(sendMarked(at, CAPABLE), CAPABLE)
  const { congestion } = at.middle.node.views.counters()
  assert.equal(congestion.kernelDropEvents, 1)
  assert.ok(congestion.congestionDetected >= 2 && congestion.ceForwarded >= 2)
  assert.ok(at.to.node.views.counters().congestion.ceReceived >= 1)
})

test('a link that loses more than the threshold is marked for, and not with marking off', () => {
  const marks = (config: PartialNodeConfig): number => {
    const at = world(config)
    at.last.loss = 0.3
    at.mesh.run(20 * SECOND)
    let marked = 0
    for (let n = 0; n < 20; n++) if (sendMarked(at, CAPABLE) === MARKED) marked++
    return marked
  }
  assert.ok(marks({}) >= 5)
  assert.equal(marks({ ecn: { enabled: false } }), 0)
  assert.equal(marks({ ecn: { lossThreshold: 1, etxThreshold: 100 } }), 0)
})
