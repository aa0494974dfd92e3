/** What whole nodes spend on the radio: coming up, idling, meeting, and sending small things over one and three hops. */
import { Ether, RNODE_PROFILES, RnodeBoard, RnodeEmulator, SeededRng, SimClock } from '../../boards/index.ts'
import { RadioNode } from '../support/radio-node.ts'
import { median } from './measure.ts'

const SECOND = 1000
const MINUTE: number = 60 * SECOND
const HOUR: number = 60 * MINUTE

/** After it nothing of the coming up is under way any more. */
const SETTLE_MS: number = 10 * MINUTE
/** A session carries positions with its first packets; these are past that. */
const WARM_UP_DATAGRAMS = 10
/** For an acknowledgement of the radio link to follow. */
const TAIL_MS: number = 3 * SECOND
const PATIENCE_MS: number = 10 * MINUTE

export interface AirEffort {
  readonly idleHours: number
  readonly datagrams: number
}

export interface LinkCost {
  readonly bringUpBytes: number
  readonly idleBytesPerHour: number
  readonly firstContactBytes: number
  readonly datagramBytes: number
}

/** Nodes in a line, each behind an emulated modem that is driven by its serial protocol; each hears only its neighbours. */
class Line {
  readonly nodes: readonly RadioNode[]
  readonly #clock = new SimClock()
  readonly #ether: Ether

  constructor(seed: number, count: number) {
    this.#ether = new Ether({ clock: this.#clock, rng: new SeededRng(seed), defaultLink: undefined })
    this.nodes = Array.from({ length: count }, (_, i) => this.#node(`n${i}`, seed + i))
    for (let i = 1; i < count; i++) this.#ether.link(`n${i - 1}`, `n${i}`, {})
  }

  get bytes(): number {
    return this.#ether.stats.bytes
  }

  run(durationMs: number): Promise<void> {
    return this.#clock.advance(durationMs)
  }

  /** Everything from the modems' power-up until links, tree and filters are settled. */
  async start(): Promise<void> {
    for (const node of this.nodes) await node.start()
    for (const [i, node] of this.nodes.entries()) if (i > 0) node.dial(this.nodes[i - 1]!)
    await this.run(SETTLE_MS)
    for (const node of this.nodes) if (node.peers() === 0) throw new Error('a link did not come up')
  }

  /** Bytes on air that one datagram from the first to the last node costs. Throws when it does not arrive. */
  async datagram(size: number): Promise<number> {
    const [from, to] = [this.nodes[0]!, this.nodes.at(-1)!]
    const before = this.bytes
    const had = to.received().length
    from.send(to, new Uint8Array(size))
    const arrived = await this.#clock.runUntil(() => to.received().length > had, PATIENCE_MS)
    if (!arrived) throw new Error(`a datagram of ${size} bytes did not arrive`)
    await this.run(TAIL_MS)
    return this.bytes - before
  }

  /** The median of what established traffic costs: reports and renewals of keys fall between. */
  async datagrams(size: number, count: number): Promise<number> {
    for (let i = 0; i < WARM_UP_DATAGRAMS; i++) {
      await this.datagram(size)
      await this.run(MINUTE / 2)
    }
    const costs: number[] = []
    for (let i = 0; i < count; i++) {
      costs.push(await this.datagram(size))
      await this.run(MINUTE / 2)
    }
    return median(costs)
  }

  #node(name: string, seed: number): RadioNode {
    const clock = this.#clock
    const emulator = new RnodeEmulator({
      clock,
      rng: new SeededRng(seed + 100),
      ether: this.#ether,
      name,
      profile: RNODE_PROFILES.esp32,
    })
    const board = new RnodeBoard({ open: emulator.open, clock, rng: new SeededRng(seed + 200) })
    return new RadioNode({ clock, board, seed })
  }
}

/** Two nodes from silence to small talk. */
export async function linkCost(seed: number, effort: AirEffort): Promise<LinkCost> {
  const line = new Line(seed, 2)
  await line.start()
  const bringUpBytes = line.bytes
  await line.run(effort.idleHours * HOUR)
  const idleBytesPerHour = (line.bytes - bringUpBytes) / effort.idleHours
  const first = await line.datagram(32)
  const datagramBytes = await line.datagrams(32, effort.datagrams)
  return { bringUpBytes, idleBytesPerHour, firstContactBytes: first - datagramBytes, datagramBytes }
}

/** Bytes on air of a datagram of 200 bytes over three hops. */
export async function threeHopBytes(seed: number, effort: AirEffort): Promise<number> {
  const line = new Line(seed, 4)
  await line.start()
  await line.datagram(200)
  return line.datagrams(200, effort.datagrams)
}
