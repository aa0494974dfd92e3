/** What is remembered over time, by the reference's names. */

/** How the samples of a minute become one: the last of them, their sum, or their mean. */
export type Fold = 'last' | 'sum' | 'mean'

export interface Metric<Name extends string = string> {
  readonly name: Name
  readonly unit: string
  readonly fold: Fold
}

export type NodeMetric =
  | 'mesh_size'
  | 'tree_depth'
  | 'peer_count'
  | 'parent_switches'
  | 'bytes_in'
  | 'bytes_out'
  | 'packets_in'
  | 'packets_out'
  | 'loss_rate'
  | 'active_sessions'

export type PeerMetric =
  'srtt_ms' | 'loss_rate' | 'bytes_in' | 'bytes_out' | 'packets_in' | 'packets_out' | 'ecn_ce'

export const NODE_METRICS: readonly Metric<NodeMetric>[] = [
  { name: 'mesh_size', unit: 'nodes', fold: 'last' },
  { name: 'tree_depth', unit: 'hops', fold: 'last' },
  { name: 'peer_count', unit: 'peers', fold: 'last' },
  { name: 'parent_switches', unit: 'events/s', fold: 'sum' },
  { name: 'bytes_in', unit: 'bytes/s', fold: 'mean' },
  { name: 'bytes_out', unit: 'bytes/s', fold: 'mean' },
  { name: 'packets_in', unit: 'packets/s', fold: 'mean' },
  { name: 'packets_out', unit: 'packets/s', fold: 'mean' },
  { name: 'loss_rate', unit: 'fraction', fold: 'mean' },
  { name: 'active_sessions', unit: 'sessions', fold: 'last' },
]

export const PEER_METRICS: readonly Metric<PeerMetric>[] = [
  { name: 'srtt_ms', unit: 'ms', fold: 'mean' },
  { name: 'loss_rate', unit: 'fraction', fold: 'mean' },
  { name: 'bytes_in', unit: 'bytes/s', fold: 'mean' },
  { name: 'bytes_out', unit: 'bytes/s', fold: 'mean' },
  { name: 'packets_in', unit: 'packets/s', fold: 'mean' },
  { name: 'packets_out', unit: 'packets/s', fold: 'mean' },
  { name: 'ecn_ce', unit: 'events/s', fold: 'sum' },
]

export type Granularity = '1s' | '1m'

/** Samples a second, kept for an hour, and a minute, kept for a day. */
export const TIERS: Readonly<Record<Granularity, { readonly seconds: number; readonly capacity: number }>> = {
  '1s': { seconds: 1, capacity: 3600 },
  '1m': { seconds: 60, capacity: 1440 },
}
