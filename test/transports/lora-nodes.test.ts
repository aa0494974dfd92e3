/** Whole nodes that have nothing but a radio: links, tree and datagrams over emulated LoRa, also across a hidden pair. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  FipsNode,
  Identity,
  nodeConfig,
  type NodeInput,
  type NodeOutput,
  type TransportAddr,
} from '../../core/index.ts'
import { Ether, SeededRng, SimBoard, SimClock } from '../../boards/index.ts'
import { LoraTransport, stationOf } from '../../transports/index.ts'
import { openRegion, SF8 } from './radio/island.ts'

const TRANSPORT_ID = 1
const START_OF_TIME = 1_800_000_000n

/** A node with one radio, driven by a virtual clock. */
class RadioNode {
  readonly identity: Identity
  readonly transport: LoraTransport
  readonly outputs: NodeOutput[] = []
  readonly #clock: SimClock
  readonly #node: FipsNode
  #cancel: () => void = () => {}

  constructor(clock: SimClock, ether: Ether, name: string, seed: number) {
    const rng = new SeededRng(seed)
    this.#clock = clock
    this.identity = Identity.fromSecret(rng.bytes(32))
    const { publicKey, nodeAddr } = this.identity
    this.transport = new LoraTransport({
      board: new SimBoard({ clock, rng, ether, name }),
      params: SF8,
      regionBudget: openRegion(SF8),
      self: { publicKey, nodeAddr },
      clock,
      rng,
    })
    this.#node = new FipsNode({ identity: this.identity, rng, config: nodeConfig({}), now: clock.now() })
  }

  get station(): TransportAddr {
    return stationOf(this.identity.nodeAddr)
  }

  async start(): Promise<void> {
    this.step({ type: 'wall-clock', seconds: START_OF_TIME })
    await this.transport.open({
      frame: (from, frame) => this.step({ type: 'frame', transportId: TRANSPORT_ID, from, frame }),
      state: () => {},
    })
    const admission = { acceptConnections: true, autoConnect: false, listedOnly: false }
    const { mtu, profile } = this.transport
    this.step({
      type: 'transport-up',
      transport: { id: TRANSPORT_ID, kind: 'lora', mtu, profile, admission },
    })
  }

  dial(other: RadioNode): void {
    const paths = [{ transportId: TRANSPORT_ID, addr: other.station, priority: 0 }]
    this.step({ type: 'connect', peer: other.identity.publicKey, paths, persistent: true })
  }

  send(to: RadioNode, payload: Uint8Array): void {
    this.step({ type: 'datagram', to: to.identity.publicKey, sourcePort: 7, destinationPort: 7, payload })
  }

  /** Payloads of datagrams that arrived. */
  received(): string[] {
    return this.outputs.flatMap((output) => (output.type === 'datagram' ? [output.payload.join()] : []))
  }

  peers(): number {
    return this.outputs.filter((output) => output.type === 'event' && output.event.type === 'peer-up').length
  }

  step(input: NodeInput): void {
    for (const output of this.#node.step(input, this.#clock.now())) {
      if (output.type === 'send') this.transport.send(output.to, output.frame, output.frameClass)
      else this.outputs.push(output)
    }
    this.#cancel()
    const at = this.#node.deadline()
    if (at === undefined) return
    this.#cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.step({ type: 'tick' }))
  }
}

for (const loss of [0, 0.1]) {
  test(`three radio nodes in a line reach each other end to end at ${loss * 100} % frame loss`, async () => {
    const clock = new SimClock()
    const ether = new Ether({ clock, rng: new SeededRng(3) })
    ether.setDefaultLink({ loss })
    ether.link('a', 'c', undefined)
    const [a, b, c] = [
      new RadioNode(clock, ether, 'a', 11),
      new RadioNode(clock, ether, 'b', 12),
      new RadioNode(clock, ether, 'c', 13),
    ]
    for (const node of [a, b, c]) await node.start()
    a.dial(b)
    c.dial(b)
    assert.ok(
      await clock.runUntil(() => a.peers() === 1 && c.peers() === 1 && b.peers() === 2, 60_000),
      'links',
    )
    await clock.advance(60_000)
    const forth = new Uint8Array(32).fill(1)
    const back = new Uint8Array(600).fill(2)
    a.send(c, forth)
    assert.ok(await clock.runUntil(() => c.received().includes(forth.join()), 300_000), 'a datagram forth')
    c.send(a, back)
    assert.ok(await clock.runUntil(() => a.received().includes(back.join()), 300_000), 'a datagram back')
  })
}
