/** What is measured on links and in sessions, as lines of the log every now and then. */
import type { Clock, LinkMetricsView, Millis, NodeViews } from '../../core/index.ts'
import type { Names } from '../control/index.ts'
import type { Logger } from '../logger/index.ts'

export interface MetricsLogDeps {
  readonly views: NodeViews
  readonly names: Names
  readonly clock: Clock
  readonly logger: Logger
  readonly linkInterval: Millis
  readonly sessionInterval: Millis
}

export class MetricsLog {
  readonly #deps: MetricsLogDeps
  readonly #cancels: (() => void)[] = [() => undefined, () => undefined]

  constructor(deps: MetricsLogDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#repeat(0, this.#deps.linkInterval, () => this.#links())
    this.#repeat(1, this.#deps.sessionInterval, () => this.#sessions())
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel()
  }

  #repeat(slot: 0 | 1, interval: Millis, log: () => void): void {
    this.#cancels[slot] = this.#deps.clock.after(interval, () => {
      log()
      this.#repeat(slot, interval, log)
    })
  }

  #links(): void {
    const { views, names, logger } = this.#deps
    for (const { nodeAddr, publicKey, mmp, stats } of views.peers()) {
      logger.debug(`link metrics of ${names.displayName(nodeAddr, publicKey)}`, {
        ...figures(mmp),
        sent: stats.packetsSent,
        received: stats.packetsReceived,
      })
    }
  }

  #sessions(): void {
    const { views, names, logger } = this.#deps
    for (const { remoteAddr, publicKey, mmp } of views.mesh.sessions()) {
      if (mmp === undefined) continue
      logger.debug(`session metrics of ${names.displayName(remoteAddr, publicKey)}`, {
        ...figures(mmp),
        mtu: mmp.pathMtu,
      })
    }
  }
}

function figures(mmp: LinkMetricsView): Readonly<Record<string, string | undefined>> {
  const { srttMs, lossRate, smoothedLoss, etx, goodputBps } = mmp
  return {
    rtt: srttMs === undefined ? undefined : `${srttMs.toFixed(1)}ms`,
    loss: `${(100 * (smoothedLoss ?? lossRate)).toFixed(1)}%`,
    etx: etx.toFixed(2),
    goodput: `${Math.round(goodputBps)}B/s`,
  }
}
