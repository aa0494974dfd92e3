/** The last half minute of a few numbers, one sample a second, for the little curves of `show_status`. */
import type { Clock, Millis, NodeViews } from '../../core/index.ts'
import type { JsonObject } from './json.ts'

export const SAMPLE_INTERVAL: Millis = 1000
/** As many as the reference's screen draws. */
export const SAMPLES = 30

const METRICS = ['bytes_in', 'bytes_out', 'loss_rate', 'mesh_size', 'peer_count', 'tree_depth'] as const
type Metric = (typeof METRICS)[number]
type Sample = Readonly<Record<Metric, number>>

export class Sparklines {
  readonly #views: NodeViews
  readonly #clock: Clock
  readonly #series = new Map<Metric, number[]>(METRICS.map((metric) => [metric, []]))
  #bytesIn = 0
  #bytesOut = 0
  #cancel: (() => void) | undefined

  constructor(views: NodeViews, clock: Clock) {
    this.#views = views
    this.#clock = clock
  }

  start(): void {
    this.#cancel = this.#clock.after(SAMPLE_INTERVAL, () => {
      this.sample()
      this.start()
    })
  }

  stop(): void {
    this.#cancel?.()
  }

  /** Takes one sample. */
  sample(): void {
    const values = this.#measure()
    for (const [metric, series] of this.#series) {
      series.push(values[metric])
      if (series.length > SAMPLES) series.shift()
    }
  }

  json(): JsonObject {
    return Object.fromEntries([...this.#series].map(([metric, series]) => [metric, [...series]]))
  }

  #measure(): Sample {
    const status = this.#views.status()
    const peers = this.#views.peers()
    const bytesIn = sum(peers.map(({ stats }) => stats.bytesReceived))
    const bytesOut = sum(peers.map(({ stats }) => stats.bytesSent))
    // A peer that left takes its counters along; the rate is then unknown and shown as none.
    const rateIn = Math.max(0, bytesIn - this.#bytesIn)
    const rateOut = Math.max(0, bytesOut - this.#bytesOut)
    this.#bytesIn = bytesIn
    this.#bytesOut = bytesOut
    return {
      bytes_in: rateIn,
      bytes_out: rateOut,
      loss_rate: peers.length === 0 ? 0 : sum(peers.map(({ mmp }) => mmp.lossRate)) / peers.length,
      mesh_size: status.estimatedMeshSize ?? 0,
      peer_count: status.peerCount,
      tree_depth: status.depth,
    }
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
