/** Radio transports on one emulated ether with a virtual clock, and FMP frames to send over them. */
import { nodeAddrOf, type PublicKey } from '../../../core/index.ts'
import { customPlan, Ether, SeededRng, SimBoard, SimClock, type RadioParams } from '../../../boards/index.ts'
import {
  LoraTransport,
  regionBudgetFor,
  type LoraTransportOptions,
  type RegionBudget,
} from '../../../transports/index.ts'

export const SF8: RadioParams = {
  frequencyHz: 868_100_000,
  bandwidthHz: 125_000,
  spreadingFactor: 8,
  codingRate: 5,
  txPowerDbm: 14,
}

export interface Received {
  readonly from: string
  readonly frame: Uint8Array
  readonly at: number
}

export interface Station {
  readonly name: string
  readonly addr: string
  readonly publicKey: PublicKey
  readonly transport: LoraTransport
  readonly board: SimBoard
  readonly received: Received[]
  readonly states: { up: boolean; reason: string }[]
  readonly stations: { addr: string; publicKey: Uint8Array }[]
  /** What the transport told of frames it took. */
  readonly fates: { type: 'delivered' | 'lost'; to: string; frame: Uint8Array }[]
}

export class Island {
  readonly clock: SimClock = new SimClock()
  readonly ether: Ether
  readonly stations: Station[] = []
  readonly #seed: number
  readonly #params: RadioParams

  constructor(seed: number, params: RadioParams = SF8) {
    this.#seed = seed
    this.#params = params
    this.ether = new Ether({ clock: this.clock, rng: new SeededRng(seed) })
  }

  async add(name: string, options: Partial<LoraTransportOptions> = {}): Promise<Station> {
    const n = this.stations.length + 1
    const rng = new SeededRng(this.#seed * 100 + n)
    const publicKey = new Uint8Array(32).fill(n)
    const nodeAddr = nodeAddrOf(publicKey)
    const board = new SimBoard({ clock: this.clock, rng, ether: this.ether, name })
    const transport = new LoraTransport({
      board,
      params: this.#params,
      regionBudget: openRegion(this.#params),
      self: { publicKey, nodeAddr },
      clock: this.clock,
      rng,
      beacon: false,
      ...options,
    })
    const station: Station = {
      name,
      addr: transport.localAddr,
      publicKey,
      transport,
      board,
      received: [],
      states: [],
      stations: [],
      fates: [],
    }
    await transport.open({
      frame: (from: string, frame: Uint8Array) =>
        station.received.push({ from, frame: frame.slice(), at: this.clock.now() }),
      state: (up, reason) => station.states.push({ up, reason }),
      delivered: (to, frame) => station.fates.push({ type: 'delivered', to, frame: frame.slice() }),
      lost: (to, frame) => station.fates.push({ type: 'lost', to, frame: frame.slice() }),
      station: (addr, publicKey) => station.stations.push({ addr, publicKey }),
    })
    this.stations.push(station)
    return station
  }

  /** Lets two stations exchange handshake frames, so that each knows its own index for the other. */
  async join(a: Station, b: Station, indexA: number, indexB: number): Promise<void> {
    a.transport.send(b.addr, msg1(indexA), 'handshake')
    await this.clock.runUntil(() => b.received.length > 0, 60_000)
    b.transport.send(a.addr, msg2(indexB, indexA), 'handshake')
    await this.clock.runUntil(() => a.received.length > 0, 60_000)
    await this.clock.advance(2_000)
    a.received.length = 0
    b.received.length = 0
  }

  setLoss(loss: number): void {
    this.ether.setDefaultLink({ loss })
  }
}

/** A region without limits, for tests that are about something else. */
export function openRegion(params: RadioParams): RegionBudget {
  const plan = customPlan({ lowHz: 100e6, highHz: 1e9, maxPowerDbm: 30 })
  if (!plan.ok) throw new Error(plan.message)
  return regionBudgetFor(plan.value, params)
}

/** A frame of `length` bytes with the header of an established one; its content depends on the counter. */
export function established(receiverIndex: number, counter: bigint, length: number, flags = 0): Uint8Array {
  const frame = new Uint8Array(length)
  const view = new DataView(frame.buffer)
  frame.set(new SeededRng(Number(counter & 0xffffffffn) ^ length).bytes(length))
  view.setUint8(0, 0)
  view.setUint8(1, flags)
  view.setUint16(2, length - 32, true)
  view.setUint32(4, receiverIndex, true)
  view.setBigUint64(8, counter, true)
  return frame
}

export function msg1(senderIndex: number, salt = 1): Uint8Array {
  return handshake(1, 114, senderIndex, salt)
}

export function msg2(senderIndex: number, receiverIndex: number): Uint8Array {
  const frame = handshake(2, 69, senderIndex, 2)
  new DataView(frame.buffer).setUint32(8, receiverIndex, true)
  return frame
}

function handshake(phase: number, length: number, senderIndex: number, salt: number): Uint8Array {
  const frame = new SeededRng(senderIndex ^ salt).bytes(length)
  const view = new DataView(frame.buffer)
  view.setUint8(0, phase)
  view.setUint8(1, 0)
  view.setUint16(2, length - 4, true)
  view.setUint32(4, senderIndex, true)
  return frame
}
