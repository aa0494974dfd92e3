/**
 * What forwarding costs a node: two ends in this process, the node between them, packets at a steady rate in bursts. Processor
 * time of the node's process over the packets it passed on.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { Contestant, type ContestantOptions, type Kind } from './contestant.ts'
import { End, packetFrom } from './end.ts'
import { eventually } from '../../support/process.ts'

export interface Load {
  /** Whole IPv6 packet, bytes. */
  readonly size: number
  readonly packetsPerSecond: number
  /** Packets that leave together. */
  readonly burst: number
  readonly seconds: number
}

export interface Forwarded {
  /** Processor time per packet passed on, µs. */
  readonly cpuUs: number
  /** Packets passed on, of those sent: a machine that is busy otherwise loses some before they get to the node. */
  readonly share: number
}

/** First packets of a session carry positions and take longer ways: they are not measured. */
const WARM_UP_SECONDS = 2

export class ForwardingLine {
  readonly middle: Contestant
  readonly from: End
  readonly to: End

  static async open(kind: Kind, options: ContestantOptions): Promise<ForwardingLine> {
    const middle = await Contestant.start(kind, options)
    const [from, to] = [await End.open(), await End.open()]
    const line = new ForwardingLine(middle, from, to)
    await Promise.all([from, to].map((end) => end.connect(middle.identity.publicKey, middle.addr)))
    from.learn(to.identity.publicKey)
    await eventually(`a packet through ${kind}`, () => {
      from.send(packetFrom(from, to.identity, 100))
      return to.received > 0 ? true : undefined
    })
    return line
  }

  private constructor(middle: Contestant, from: End, to: End) {
    this.middle = middle
    this.from = from
    this.to = to
  }

  async measure(load: Load): Promise<Forwarded> {
    await this.send({ ...load, seconds: WARM_UP_SECONDS })
    const forwardedBefore = await this.middle.forwarded()
    const cpuBefore = this.middle.cpuNs()
    const sent = await this.send(load)
    const cpuNs = this.middle.cpuNs() - cpuBefore
    const forwarded = (await this.middle.forwarded()) - forwardedBefore
    return { cpuUs: cpuNs / 1000 / forwarded, share: forwarded / sent }
  }

  async close(): Promise<void> {
    await Promise.all([this.from.close(), this.to.close()])
    await this.middle.stop()
  }

  /** Returns the packets sent. What is late is sent at once, so that the rate holds. */
  async send({ size, packetsPerSecond, burst, seconds }: Load): Promise<number> {
    const packet = packetFrom(this.from, this.to.identity, size)
    const bursts = Math.floor((packetsPerSecond * seconds) / burst)
    const pauseMs = (1000 * burst) / packetsPerSecond
    const start = performance.now()
    for (let done = 0; done < bursts;) {
      if (performance.now() < start + done * pauseMs) {
        await turn()
        continue
      }
      for (let i = 0; i < burst; i++) this.from.queue(packet)
      this.from.settle()
      done++
    }
    await settled(this.to)
    return bursts * burst
  }
}

const QUIET_MS = 50

/** Until nothing has come for a moment. */
async function settled(end: End): Promise<void> {
  let [count, since] = [end.received, performance.now()]
  while (performance.now() < since + QUIET_MS) {
    await turn()
    if (end.received !== count) [count, since] = [end.received, performance.now()]
  }
}
