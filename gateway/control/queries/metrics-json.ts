/** Measurements of a link or a session, as `show_peers`, `show_sessions` and `show_mmp` carry them. */
import type { LinkMetricsView } from '../../../core/index.ts'
import { defined, type JsonObject } from '../json.ts'

/** The round trip at which latency weighs as much as one more transmission. */
const LATENCY_WEIGHT_MS = 100

/** `qualityName` is `lqi` for links and `sqi` for sessions: ETX weighted by latency. */
export function metricsJson(view: LinkMetricsView, qualityName: 'lqi' | 'sqi'): JsonObject {
  return defined({
    srtt_ms: view.srttMs,
    loss_rate: view.lossRate,
    smoothed_loss: view.smoothedLoss,
    etx: view.etx,
    smoothed_etx: view.smoothedEtx,
    goodput_bps: view.goodputBps,
    delivery_ratio_forward: view.deliveryRatioForward,
    delivery_ratio_reverse: view.deliveryRatioReverse,
    [qualityName]: quality(view),
  })
}

function quality({ srttMs, smoothedEtx }: LinkMetricsView): number | undefined {
  if (srttMs === undefined || smoothedEtx === undefined) return undefined
  return smoothedEtx * (1 + srttMs / LATENCY_WEIGHT_MS)
}
