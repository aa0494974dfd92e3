/** What is remembered of the node's doings, for curves. */
export { PEER_RETENTION, StatsHistory, type PeerRecord } from './history.ts'
export {
  NODE_METRICS,
  PEER_METRICS,
  TIERS,
  type Granularity,
  type Metric,
  type NodeMetric,
  type PeerMetric,
} from './metrics.ts'
