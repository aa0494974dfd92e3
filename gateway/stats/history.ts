/** How the node and its peers did in the last hour, by the second, and in the last day, by the minute. */
import type { Clock, Millis, NodeAddr, NodeViews, PeerView, PublicKey } from '../../core/index.ts'
import {
  NODE_METRICS,
  PEER_METRICS,
  type Granularity,
  type Metric,
  type NodeMetric,
  type PeerMetric,
} from './metrics.ts'
import { Series } from './series.ts'

const SAMPLE_INTERVAL: Millis = 1000
const SAMPLES_IN_A_MINUTE = 60
/** A peer that was not seen for so long is forgotten. */
export const PEER_RETENTION: Millis = 86_400_000
/** Peers remembered at once, up to 140 kB each after a day; the one not seen for the longest time is forgotten. */
const MAX_PEERS = 256

export interface PeerRecord {
  readonly addr: NodeAddr
  readonly publicKey: PublicKey
  readonly isActive: boolean
  readonly firstSeen: Millis
  readonly lastSeen: Millis
}

interface Peer extends PeerRecord {
  isActive: boolean
  lastSeen: Millis
  readonly series: ReadonlyMap<string, Series>
}

export class StatsHistory {
  readonly #views: NodeViews
  readonly #clock: Clock
  readonly #node = seriesOf(NODE_METRICS, 0)
  readonly #peers = new Map<NodeAddr, Peer>()
  #samples = 0
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

  /** Takes one sample of everything. */
  sample(): void {
    const now = this.#clock.now()
    const peers = this.#views.peers()
    this.#sampleNode(peers)
    const ceCounts = new Map(this.#views.mmp().map(({ peer, ceCount }) => [peer, ceCount]))
    for (const peer of this.#peers.values()) peer.isActive = false
    for (const view of peers) this.#samplePeer(view, ceCounts.get(view.nodeAddr), now)
    for (const peer of this.#peers.values()) if (!peer.isActive) this.#samplePause(peer, now)
    this.#samples += 1
    if (this.#samples % SAMPLES_IN_A_MINUTE === 0) this.#endMinute()
  }

  /** Samples of the last `seconds`, oldest first; null where nothing was measured. */
  node(metric: NodeMetric, seconds: number, granularity: Granularity): (number | null)[] {
    return this.#node.get(metric)!.last(seconds, granularity)
  }

  /** The last `count` samples by the second, as far as there are so many. */
  recent(metric: NodeMetric, count: number): (number | null)[] {
    return this.#node.get(metric)!.recent(count)
  }

  /** As `node`, for one peer; undefined when it was never one, or too long ago. */
  peer(
    addr: NodeAddr,
    metric: PeerMetric,
    seconds: number,
    granularity: Granularity,
  ): (number | null)[] | undefined {
    return this.#peers.get(addr)?.series.get(metric)?.last(seconds, granularity)
  }

  peers(): Iterable<PeerRecord> {
    return this.#peers.values()
  }

  #sampleNode(peers: readonly PeerView[]): void {
    const status = this.#views.status()
    const { forwarding, tree } = this.#views.counters()
    const losses = peers.map(({ mmp }) => mmp.lossRate)
    const loss = losses.reduce((sum, value) => sum + value, 0) / Math.max(losses.length, 1)
    const node = this.#node
    node.get('mesh_size')?.push(status.estimatedMeshSize ?? 0)
    node.get('tree_depth')?.push(status.depth)
    node.get('peer_count')?.push(status.peerCount)
    node.get('parent_switches')?.pushTotal(tree.parentSwitches)
    node.get('bytes_in')?.pushTotal(forwarding.receivedBytes)
    node.get('bytes_out')?.pushTotal(forwarding.forwardedBytes + forwarding.originatedBytes)
    node.get('packets_in')?.pushTotal(forwarding.receivedPackets)
    node.get('packets_out')?.pushTotal(forwarding.forwardedPackets + forwarding.originatedPackets)
    node.get('loss_rate')?.push(loss)
    node.get('active_sessions')?.push(status.sessionCount)
  }

  #samplePeer(view: PeerView, ceCount: number | undefined, now: Millis): void {
    const peer = this.#peers.get(view.nodeAddr) ?? this.#remember(view, now)
    peer.isActive = true
    peer.lastSeen = now
    const { series } = peer
    series.get('srtt_ms')?.push(view.mmp.srttMs)
    series.get('loss_rate')?.push(view.mmp.lossRate)
    series.get('bytes_in')?.pushTotal(view.stats.bytesReceived)
    series.get('bytes_out')?.pushTotal(view.stats.bytesSent)
    series.get('packets_in')?.pushTotal(view.stats.packetsReceived)
    series.get('packets_out')?.pushTotal(view.stats.packetsSent)
    series.get('ecn_ce')?.pushTotal(ceCount)
  }

  /** Nothing is measured while it is away. */
  #samplePause(peer: Peer, now: Millis): void {
    if (now - peer.lastSeen >= PEER_RETENTION) this.#peers.delete(peer.addr)
    else for (const series of peer.series.values()) series.pushTotal(undefined)
  }

  #remember(view: PeerView, now: Millis): Peer {
    if (this.#peers.size >= MAX_PEERS) this.#forgetOldest()
    const peer: Peer = {
      addr: view.nodeAddr,
      publicKey: view.publicKey,
      isActive: true,
      firstSeen: now,
      lastSeen: now,
      series: seriesOf(PEER_METRICS),
    }
    this.#peers.set(peer.addr, peer)
    return peer
  }

  #forgetOldest(): void {
    let oldest: Peer | undefined
    for (const peer of this.#peers.values()) {
      if (oldest === undefined || peer.lastSeen < oldest.lastSeen) oldest = peer
    }
    if (oldest !== undefined) this.#peers.delete(oldest.addr)
  }

  #endMinute(): void {
    for (const series of this.#node.values()) series.endMinute()
    for (const peer of this.#peers.values()) for (const series of peer.series.values()) series.endMinute()
  }
}

/** `total`: where their counters stand, if that is known: the node's begin at zero with it. */
function seriesOf(metrics: readonly Metric[], total?: number): ReadonlyMap<string, Series> {
  return new Map(metrics.map(({ name, fold }) => [name, new Series(fold, total)]))
}
