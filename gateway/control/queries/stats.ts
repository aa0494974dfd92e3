/** `show_stats_*`: the last hour and the last day of the node and its peers. */
import { nodeAddrOf, npubOf, type NodeAddr } from '../../../core/index.ts'
import {
  NODE_METRICS,
  PEER_METRICS,
  PEER_RETENTION,
  TIERS,
  type Granularity,
  type Metric,
  type NodeMetric,
  type PeerMetric,
  type PeerRecord,
} from '../../stats/index.ts'
import { field, peerKey, required, type Params } from '../params.ts'
import { ControlError, type ControlHost } from '../host.ts'
import type { JsonObject } from '../json.ts'

const DEFAULT_WINDOW = '10m'
const DEFAULT_GRANULARITY: Granularity = '1s'
const SECONDS_IN: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

interface Window {
  readonly seconds: number
  readonly granularity: Granularity
}

export function showStatsList(): JsonObject {
  const listed = (scope: string, metrics: readonly Metric[]): JsonObject[] =>
    metrics.map(({ name, unit }) => ({ name, unit, scope }))
  return {
    metrics: [...listed('node', NODE_METRICS), ...listed('peer', PEER_METRICS)],
    fast_ring_seconds: TIERS['1s'].capacity,
    slow_ring_minutes: TIERS['1m'].capacity,
    peer_retention_seconds: PEER_RETENTION / 1000,
  }
}

/** One metric of the node, or of the peer that is named. */
export function showStatsHistory(host: ControlHost, params: Params | undefined): JsonObject {
  const given = required('show_stats_history', params)
  const metric = field(given, 'metric')
  const window = windowOf(given)
  const addr = namedPeer(given)
  return addr === undefined
    ? nodeSeries(host, nodeMetricOf(metric), window)
    : peerSeries(host, addr, peerMetricOf(metric), window)
}

/** Every metric of the node, or of the peer that is named. */
export function showStatsAllHistory(host: ControlHost, params: Params = {}): JsonObject {
  const window = windowOf(params)
  const addr = namedPeer(params)
  return {
    granularity_seconds: TIERS[window.granularity].seconds,
    window_seconds: window.seconds,
    peer: addr === undefined ? null : field(params, 'peer'),
    series:
      addr === undefined
        ? NODE_METRICS.map((metric) => nodeSeries(host, metric, window))
        : PEER_METRICS.map((metric) => peerSeries(host, addr, metric, window)),
  }
}

export function showStatsPeers(host: ControlHost): JsonObject {
  const now = host.now()
  const peers = byActivity(host).map((peer) => ({
    npub: npubOf(peer.publicKey),
    node_addr: peer.addr,
    display_name: displayName(host, peer),
    is_active: peer.isActive,
    first_seen_secs_ago: Math.floor((now - peer.firstSeen) / 1000),
    last_contact_secs_ago: Math.floor((now - peer.lastSeen) / 1000),
  }))
  return { peers, count: peers.length }
}

/** One metric of every peer. */
export function showStatsHistoryAllPeers(host: ControlHost, params: Params | undefined): JsonObject {
  const given = required('show_stats_history_all_peers', params)
  const { name, unit } = peerMetricOf(field(given, 'metric'))
  const { seconds, granularity } = windowOf(given)
  return {
    metric: name,
    unit,
    granularity_seconds: TIERS[granularity].seconds,
    window_seconds: seconds,
    peers: byActivity(host).map((peer) => ({
      node_addr: peer.addr,
      display_name: displayName(host, peer),
      is_active: peer.isActive,
      values: host.history.peer(peer.addr, name, seconds, granularity) ?? [],
    })),
  }
}

function nodeSeries(
  host: ControlHost,
  { name, unit }: Metric<NodeMetric>,
  { seconds, granularity }: Window,
): JsonObject {
  return {
    metric: name,
    unit,
    granularity_seconds: TIERS[granularity].seconds,
    values: host.history.node(name, seconds, granularity),
  }
}

function peerSeries(
  host: ControlHost,
  addr: NodeAddr,
  { name, unit }: Metric<PeerMetric>,
  { seconds, granularity }: Window,
): JsonObject {
  const values = host.history.peer(addr, name, seconds, granularity)
  if (values === undefined) {
    throw new ControlError(`peer not tracked in stats history: ${host.names.displayName(addr)}`)
  }
  return {
    metric: name,
    unit,
    granularity_seconds: TIERS[granularity].seconds,
    values,
  }
}

/** Those that are there first, then by name. */
function byActivity(host: ControlHost): readonly PeerRecord[] {
  return [...host.history.peers()].sort(
    (a, b) =>
      Number(b.isActive) - Number(a.isActive) || displayName(host, a).localeCompare(displayName(host, b)),
  )
}

function displayName(host: ControlHost, peer: PeerRecord): string {
  return host.names.displayName(peer.addr, peer.publicKey)
}

function nodeMetricOf(written: string): Metric<NodeMetric> {
  const metric = NODE_METRICS.find(({ name }) => name === written)
  if (metric === undefined) throw new ControlError(`unknown metric: ${written}`)
  return metric
}

function peerMetricOf(written: string): Metric<PeerMetric> {
  const metric = PEER_METRICS.find(({ name }) => name === written)
  if (metric === undefined) throw new ControlError(`unknown peer metric: ${written}`)
  return metric
}

function namedPeer(params: Params): NodeAddr | undefined {
  const npub = params['peer']
  return typeof npub === 'string' ? nodeAddrOf(peerKey(npub, 'invalid peer npub')) : undefined
}

/** `30s`, `10m` or `24h`, at `1s` or `1m`. */
function windowOf(params: Params): Window {
  const window = textOr(params['window'], DEFAULT_WINDOW)
  const granularity = textOr(params['granularity'], DEFAULT_GRANULARITY)
  if (granularity !== '1s' && granularity !== '1m') {
    throw new ControlError(`unknown granularity: ${granularity} (expected 1s or 1m)`)
  }
  return { seconds: secondsOf(window), granularity }
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback
}

function secondsOf(written: string): number {
  if (written === '') throw new ControlError('empty duration')
  const [digits, unit] = [written.slice(0, -1), written.slice(-1)]
  if (!/^\d+$/.test(digits)) throw new ControlError(`invalid duration: ${written}`)
  const factor = SECONDS_IN[unit]
  if (factor === undefined) throw new ControlError(`unknown duration unit: ${unit} (expected s, m, h)`)
  return Number(digits) * factor
}
