/** The node as an operator sees it: snapshots made of the live state. */
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import type { TransportKind } from '../link.ts'
import type { DualEwma, Measurement } from '../mmp/index.ts'
import type { Peer, Traffic } from '../peer/index.ts'
import type { NodeContext } from './context.ts'
import type { Counters } from './counters.ts'
import type { MeshLayer } from './layers.ts'
import type { LinkHalf } from './link-half.ts'
import type {
  BloomView,
  ConnectionView,
  LinkMetricsView,
  LinkMmpView,
  LinkView,
  MeshViews,
  NodeViews,
  PeerView,
  RetryView,
  StatusView,
  TrafficView,
  TransportView,
  TreePeerView,
  TreeView,
  Trend,
} from './views.ts'

/** SessionDatagram, FSP header, ports and tag around an IPv6 packet with its 40-byte header compressed. */
const IPV6_OVERHEAD = 77
const TREND_DEAD_BAND = 0.05

export class NodeStatus implements NodeViews {
  readonly #ctx: NodeContext
  readonly #half: LinkHalf
  readonly #mesh: MeshLayer

  constructor(ctx: NodeContext, half: LinkHalf, mesh: MeshLayer) {
    this.#ctx = ctx
    this.#half = half
    this.#mesh = mesh
  }

  get mesh(): MeshViews {
    return this.#mesh.views
  }

  status(): StatusView {
    const { identity, config, peers, transports } = this.#ctx
    const { tree } = this.#half
    const up = this.#upPeers()
    const transportPeerCounts: Partial<Record<TransportKind, number>> = {}
    for (const { transport } of up) {
      transportPeerCounts[transport.kind] = (transportPeerCounts[transport.kind] ?? 0) + 1
    }
    const mtus = [...transports.values()].map(({ info }) => info.mtu)
    return {
      nodeAddr: identity.nodeAddr,
      publicKey: identity.publicKey,
      isRoot: tree.isRoot,
      isLeafOnly: config.leafOnly,
      root: tree.coordinates.at(-1) ?? identity.nodeAddr,
      depth: tree.coordinates.length - 1,
      peerCount: up.length,
      linkCount: peers.size,
      connectionCount: this.connections().length,
      sessionCount: this.mesh.sessions().length,
      transportCount: transports.size,
      transportPeerCounts,
      estimatedMeshSize: this.#estimatedMeshSize(),
      effectiveIpv6Mtu: mtus.length === 0 ? undefined : Math.min(...mtus) - IPV6_OVERHEAD,
    }
  }

  peers(): readonly PeerView[] {
    return this.#upPeers().flatMap((peer) => {
      const view = this.#peer(peer)
      return view === undefined ? [] : [view]
    })
  }

  links(): readonly LinkView[] {
    return [...this.#ctx.peers.values()].map((peer) => ({
      linkId: peer.linkId,
      transportId: peer.path.transportId,
      remoteAddr: peer.path.addr,
      direction: isOurs(peer) ? 'outbound' : 'inbound',
      state: peer.up === undefined ? 'connecting' : 'connected',
      createdAt: peer.createdAt,
      lastReceivedAt: peer.lastReceivedAt,
      stats: copy(peer.traffic),
    }))
  }

  tree(): TreeView {
    const { tree } = this.#half
    const root = tree.coordinates.at(-1) ?? this.#ctx.identity.nodeAddr
    return {
      coordinates: tree.coordinates,
      isRoot: tree.isRoot,
      root,
      rootPublicKey: this.#keyOf(root),
      depth: tree.coordinates.length - 1,
      parent: tree.parent,
      declarationSequence: tree.sequence,
      peers: this.#upPeers().flatMap((peer) => this.#treePeer(peer)),
    }
  }

  bloom(): BloomView {
    const { tree, filters } = this.#half
    const uptree = tree.isRoot ? undefined : filters.outgoing(tree.parent)
    return {
      sequence: filters.sequence,
      peerFilters: this.#upPeers().map((peer) => {
        const filter = filters.filterOf(peer.addr)
        return {
          peer: peer.addr,
          hasFilter: filter !== undefined,
          filterSequence: filters.sequenceOf(peer.addr),
          setBits: filter?.setBits() ?? 0,
          fillRatio: filter?.fill() ?? 0,
          estimatedCount: filter?.estimatedCount(),
          isLeftOut: filters.isLeftOut(peer.addr),
        }
      }),
      leafDependents: [...filters.leaves()],
      uptree:
        uptree === undefined
          ? undefined
          : { fillRatio: uptree.fill(), estimatedCount: uptree.estimatedCount() },
    }
  }

  mmp(): readonly LinkMmpView[] {
    return this.#upPeers().flatMap((peer) => {
      const measurement = this.#half.reports.measurementOf(peer.addr)
      if (measurement === undefined) return []
      const { metrics } = measurement
      return [
        {
          peer: peer.addr,
          ...this.#metrics(peer, measurement),
          spinBitRole: peer.up?.isInitiator === true ? ('initiator' as const) : ('responder' as const),
          ceCount: metrics.ceCount,
          rttTrend: trend(metrics.rttTrend),
          lossTrend: trend(metrics.lossTrend),
          goodputTrend: trend(metrics.goodputTrend),
          jitterTrend: trend(metrics.jitterTrend),
        },
      ]
    })
  }

  connections(): readonly ConnectionView[] {
    const views: ConnectionView[] = []
    for (const peer of this.#ctx.peers.values()) {
      if (peer.up !== undefined) continue
      const base = {
        linkId: peer.linkId,
        peer: peer.addr,
        transportId: peer.path.transportId,
        remoteAddr: peer.path.addr,
      }
      const { attempt } = peer
      if (attempt !== undefined) {
        const { startedAt, resends } = attempt
        views.push({ ...base, direction: 'outbound', state: 'sent-msg1', startedAt, resendCount: resends })
      }
      for (const { establishedAt } of peer.keys.candidates) {
        views.push({
          ...base,
          direction: 'inbound',
          state: 'sent-msg2',
          startedAt: establishedAt,
          resendCount: 0,
        })
      }
    }
    return views
  }

  retries(): readonly RetryView[] {
    const { peers, timers } = this.#ctx
    return (
      [...this.#half.dialer.plans()]
        // One that is dialled on demand waits for nothing until then.
        .filter(
          ({ addr, isOnDemand }) =>
            peers.get(addr) === undefined && (!isOnDemand || timers.get('dial', addr) !== undefined),
        )
        .map(({ addr, failures, persistent }) => ({
          peer: addr,
          failures,
          nextAttemptAt: timers.get('dial', addr),
          persistent,
        }))
    )
  }

  transports(): readonly TransportView[] {
    return [...this.#ctx.transports.values()].map(({ info, traffic }) => ({
      transportId: info.id,
      kind: info.kind,
      name: info.name,
      mtu: info.mtu,
      profile: info.profile,
      stats: copy(traffic),
    }))
  }

  counters(): Counters {
    return this.#ctx.counters
  }

  #upPeers(): readonly Peer[] {
    return [...this.#ctx.peers.values()].filter((peer) => peer.up !== undefined)
  }

  #peer(peer: Peer): PeerView | undefined {
    const { tree, filters, reports } = this.#half
    const { up, keys } = peer
    const hasMedium = this.#ctx.transports.has(peer.path.transportId)
    const measurement = reports.measurementOf(peer.addr)
    if (up === undefined || keys.current === undefined || measurement === undefined) return undefined
    const coordinates = tree.coordinatesOf(peer.addr)
    const treeDepth = coordinates === undefined ? undefined : coordinates.length - 1
    return {
      nodeAddr: peer.addr,
      publicKey: peer.publicKey,
      linkId: peer.linkId,
      transportId: peer.path.transportId,
      transportKind: peer.transport.kind,
      transportAddr: peer.path.addr,
      profile: peer.transport.profile,
      direction: up.isInitiator ? 'outbound' : 'inbound',
      connectivity: hasMedium && !up.isSilent ? 'connected' : 'stale',
      authenticatedAt: up.since,
      lastSeen: peer.lastReceivedAt ?? up.since,
      isParent: !tree.isRoot && tree.parent === peer.addr,
      isChild: tree.isChild(peer.addr),
      hasTreePosition: coordinates !== undefined,
      treeDepth,
      effectiveDepth: treeDepth === undefined ? undefined : treeDepth + reports.cost(peer),
      isToldCut: up.isToldCut,
      hasBloomFilter: filters.filterOf(peer.addr) !== undefined,
      filterSequence: filters.sequenceOf(peer.addr),
      ourSessionIndex: keys.current.ourIndex,
      currentKeyEpoch: keys.current.keyEpoch,
      rekeyInProgress: peer.attempt?.isRekey ?? false,
      isDraining: keys.previous !== undefined,
      sendCounter: BigInt(keys.current.sendCounter),
      highestReceivedCounter: keys.current.replay.highest,
      replaySuppressed: peer.replaySuppressed,
      consecutiveDecryptFailures: peer.decryptFailures,
      stats: copy(peer.traffic),
      mmp: this.#metrics(peer, measurement),
    }
  }

  #metrics(peer: Peer, measurement: Measurement): LinkMetricsView {
    const { metrics } = measurement
    return {
      mode: measurement.mode,
      srttMs: metrics.rttMs,
      lossRate: metrics.lossRate,
      smoothedLoss: metrics.lossTrend.long,
      etx: metrics.etx,
      smoothedEtx: metrics.etxTrend.long,
      goodputBps: metrics.goodput,
      deliveryRatioForward: metrics.deliveryForward,
      deliveryRatioReverse: metrics.deliveryReverse,
      cost: this.#half.reports.cost(peer),
    }
  }

  #treePeer(peer: Peer): readonly TreePeerView[] {
    const { tree } = this.#half
    const coordinates = tree.coordinatesOf(peer.addr)
    const root = coordinates?.at(-1)
    if (coordinates === undefined || root === undefined) return []
    const distanceToUs = distance(tree.coordinates, coordinates)
    return [{ nodeAddr: peer.addr, coordinates, depth: coordinates.length - 1, root, distanceToUs }]
  }

  #keyOf(addr: NodeAddr): PublicKey | undefined {
    const { identity, peers } = this.#ctx
    return addr === identity.nodeAddr ? identity.publicKey : peers.get(addr)?.publicKey
  }

  /** A filter of everything we reach, ourselves included, says how many that is. */
  #estimatedMeshSize(): number | undefined {
    const reached = this.#half.filters.outgoing(this.#ctx.identity.nodeAddr).estimatedCount()
    return reached === undefined ? undefined : Math.round(reached)
  }
}

function isOurs(peer: Peer): boolean {
  return peer.up?.isInitiator ?? peer.attempt !== undefined
}

function copy(traffic: Traffic): TrafficView {
  return { ...traffic }
}

/** Hops through the tree: up to the last common ancestor and down again. */
function distance(a: readonly NodeAddr[], b: readonly NodeAddr[]): number {
  let common = 0
  while (common < a.length && common < b.length && a.at(-1 - common) === b.at(-1 - common)) common++
  return a.length + b.length - 2 * common
}

/** The fast average against the slow one. */
function trend(averages: DualEwma): Trend | undefined {
  const { short, long } = averages
  if (short === undefined || long === undefined) return undefined
  if (Math.abs(short - long) <= Math.abs(long) * TREND_DEAD_BAND) return 'stable'
  return short > long ? 'rising' : 'falling'
}
