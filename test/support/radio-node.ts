/** Whole nodes that have nothing but a radio, on a virtual clock. */
import {
  FipsNode,
  Identity,
  nodeConfig,
  type NodeInput,
  type NodeOutput,
  type TransportAddr,
} from '../../core/index.ts'
import { SeededRng, type RadioBoard, type SimClock } from '../../boards/index.ts'
import { LoraTransport, stationOf } from '../../transports/index.ts'
import { openRegion, SF8 } from '../transports/radio/island.ts'

const TRANSPORT_ID = 1
const START_OF_TIME = 1_800_000_000n
/** For the modem to start and to take its settings. */
const OPEN_LIMIT_MS = 60_000

export interface RadioNodeOptions {
  readonly clock: SimClock
  readonly board: RadioBoard
  readonly seed: number
}

/** A node with one radio. Bytes and events follow from the seed. */
export class RadioNode {
  readonly identity: Identity
  readonly transport: LoraTransport
  readonly outputs: NodeOutput[] = []
  readonly #clock: SimClock
  readonly #node: FipsNode
  #cancel: () => void = () => {}

  constructor({ clock, board, seed }: RadioNodeOptions) {
    const rng = new SeededRng(seed)
    this.#clock = clock
    this.identity = Identity.fromSecret(rng.bytes(32))
    const { publicKey, nodeAddr } = this.identity
    this.transport = new LoraTransport({
      board,
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
    const open = this.transport.open({
      frame: (from, frame) => this.step({ type: 'frame', transportId: TRANSPORT_ID, from, frame }),
      state: () => {},
      delivered: (to, frame) => this.step({ type: 'frame-delivered', transportId: TRANSPORT_ID, to, frame }),
      lost: (to, frame) => this.step({ type: 'frame-lost', transportId: TRANSPORT_ID, to, frame }),
    })
    await this.#clock.resolve(open, OPEN_LIMIT_MS)
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
