/**
 * What an operator may see of a node: plain read-only snapshots, taken on request and never kept up to date. The
 * control socket's replies are made from these. Instants are on the monotonic clock of `step`; the host turns them
 * into wall-clock time. Names that only the host knows (aliases, socket paths) are not here.
 */
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import type { RouteClass } from '../routing/index.ts'
import type { LinkId, LinkProfile, TransportAddr, TransportId, TransportKind } from '../link.ts'
import type { Millis } from '../time.ts'
import type { MmpMode } from './config.ts'
import type { Counters } from './counters.ts'
import type { Coordinates } from './layers.ts'

export type Direction = 'inbound' | 'outbound'
export type Trend = 'rising' | 'falling' | 'stable'

export interface NodeViews {
  status(): StatusView
  peers(): readonly PeerView[]
  links(): readonly LinkView[]
  tree(): TreeView
  bloom(): BloomView
  mmp(): readonly LinkMmpView[]
  /** Handshakes under way. */
  connections(): readonly ConnectionView[]
  /** Configured peers that wait for their next attempt. */
  retries(): readonly RetryView[]
  transports(): readonly TransportView[]
  /** The live counters; read only. */
  counters(): Counters
  readonly mesh: MeshViews
}

/** The part of the views that the mesh half answers. */
export interface MeshViews {
  sessions(): readonly SessionView[]
  coordinateCache(): readonly CoordinateCacheEntryView[]
  identityCache(): readonly IdentityCacheEntryView[]
  routing(): RoutingView
  /** What would become of traffic for a node now. Asking changes nothing. */
  reach(addr: NodeAddr): ReachView
}

export interface StatusView {
  readonly nodeAddr: NodeAddr
  readonly publicKey: PublicKey
  readonly isRoot: boolean
  readonly isLeafOnly: boolean
  readonly root: NodeAddr
  readonly depth: number
  readonly peerCount: number
  readonly linkCount: number
  /** Handshakes under way. */
  readonly connectionCount: number
  readonly sessionCount: number
  readonly transportCount: number
  /** Peers by kind of transport. */
  readonly transportPeerCounts: Readonly<Partial<Record<TransportKind, number>>>
  /** Nodes reachable as the filters tell, this one included; undefined when a filter is too full to say. */
  readonly estimatedMeshSize: number | undefined
  /** Largest IPv6 packet that fits every link, header included, in bytes; undefined without a transport. */
  readonly effectiveIpv6Mtu: number | undefined
}

export interface PeerView {
  readonly nodeAddr: NodeAddr
  readonly publicKey: PublicKey
  readonly linkId: LinkId
  readonly transportId: TransportId
  readonly transportKind: TransportKind
  readonly transportAddr: TransportAddr
  readonly profile: LinkProfile
  readonly direction: Direction
  readonly connectivity: 'connected' | 'stale'
  readonly authenticatedAt: Millis
  readonly lastSeen: Millis
  readonly isParent: boolean
  readonly isChild: boolean
  readonly hasTreePosition: boolean
  /** Its depth in the tree, 0 for the root; undefined before its first announce. */
  readonly treeDepth: number | undefined
  /** Depth plus link cost, as the parent choice weighs it. */
  readonly effectiveDepth: number | undefined
  /** It hears of us as a root, for our path is too long for the link. */
  readonly isToldCut: boolean
  readonly hasBloomFilter: boolean
  readonly filterSequence: bigint
  readonly ourSessionIndex: number
  readonly currentKeyEpoch: boolean
  readonly rekeyInProgress: boolean
  readonly isDraining: boolean
  readonly sendCounter: bigint
  readonly highestReceivedCounter: bigint
  readonly replaySuppressed: number
  readonly consecutiveDecryptFailures: number
  readonly stats: TrafficView
  readonly mmp: LinkMetricsView
}

export interface TrafficView {
  readonly packetsSent: number
  readonly bytesSent: number
  readonly packetsReceived: number
  readonly bytesReceived: number
}

export interface LinkMetricsView {
  readonly mode: MmpMode
  /** Undefined until measured. */
  readonly srttMs: number | undefined
  /** Share of our frames lost, 0..1. */
  readonly lossRate: number
  readonly smoothedLoss: number | undefined
  readonly etx: number
  readonly smoothedEtx: number | undefined
  readonly goodputBps: number
  readonly deliveryRatioForward: number
  readonly deliveryRatioReverse: number
  /** ETX weighted by latency: the cost of the link. */
  readonly cost: number
}

export interface LinkMmpView extends LinkMetricsView {
  readonly peer: NodeAddr
  readonly spinBitRole: 'initiator' | 'responder'
  readonly ceCount: number
  readonly rttTrend: Trend | undefined
  readonly lossTrend: Trend | undefined
  readonly goodputTrend: Trend | undefined
  readonly jitterTrend: Trend | undefined
}

export interface LinkView {
  readonly linkId: LinkId
  readonly transportId: TransportId
  readonly remoteAddr: TransportAddr
  readonly direction: Direction
  readonly state: 'connecting' | 'connected'
  readonly createdAt: Millis
  readonly lastReceivedAt: Millis | undefined
  readonly stats: TrafficView
}

export interface TreeView {
  readonly coordinates: Coordinates
  readonly isRoot: boolean
  readonly root: NodeAddr
  /** Known when the root is this node or a peer. */
  readonly rootPublicKey: PublicKey | undefined
  readonly depth: number
  /** This node itself when it is the root. */
  readonly parent: NodeAddr
  readonly declarationSequence: bigint
  readonly peers: readonly TreePeerView[]
}

export interface TreePeerView {
  readonly nodeAddr: NodeAddr
  readonly coordinates: Coordinates
  readonly depth: number
  readonly root: NodeAddr
  /** Hops between us through the tree. */
  readonly distanceToUs: number
}

export interface BloomView {
  /** Sequence of the last FilterAnnounce sent. */
  readonly sequence: bigint
  readonly peerFilters: readonly PeerFilterView[]
  /** Peers without a place in the tree, whose addresses stand in our filters. */
  readonly leafDependents: readonly NodeAddr[]
  /** The filter last sent to the parent; undefined for a root. */
  readonly uptree: { readonly fillRatio: number; readonly estimatedCount: number | undefined } | undefined
}

export interface PeerFilterView {
  readonly peer: NodeAddr
  readonly hasFilter: boolean
  readonly filterSequence: bigint
  readonly setBits: number
  readonly fillRatio: number
  readonly estimatedCount: number | undefined
  /** Kept from the others, because it would lift ours over the cap, or has other hash functions. */
  readonly isLeftOut: boolean
}

export interface ConnectionView {
  readonly linkId: LinkId
  readonly direction: Direction
  readonly state: 'sent-msg1' | 'sent-msg2'
  /** Known from the start for ours, from msg1 for a peer's. */
  readonly peer: NodeAddr
  readonly transportId: TransportId
  readonly remoteAddr: TransportAddr
  readonly startedAt: Millis
  readonly resendCount: number
}

export interface RetryView {
  readonly peer: NodeAddr
  readonly failures: number
  /** Instant of the next attempt; undefined while its transport is down. */
  readonly nextAttemptAt: Millis | undefined
  readonly persistent: boolean
}

export interface TransportView {
  readonly transportId: TransportId
  readonly kind: TransportKind
  readonly name: string | undefined
  readonly mtu: number
  readonly profile: LinkProfile
  /** What the node handed over and was given; the medium's own counters belong to the transport. */
  readonly stats: TrafficView
}

export interface SessionView {
  readonly remoteAddr: NodeAddr
  /** Undefined while a peer that greeted us has not proved who it is. */
  readonly publicKey: PublicKey | undefined
  readonly state: 'initiating' | 'awaiting-msg3' | 'established'
  readonly isInitiator: boolean
  readonly createdAt: Millis
  /** When the keys in use came into use. */
  readonly startedAt: Millis
  readonly lastActivityAt: Millis
  readonly currentKeyEpoch: boolean
  readonly isDraining: boolean
  readonly coordsWarmupRemaining: number
  readonly stats: TrafficView
  readonly mmp: SessionMetricsView | undefined
}

export interface SessionMetricsView extends LinkMetricsView {
  readonly pathMtu: number
  readonly reports: ReportsView
}

/** The peer's reports so far, and what their timestamps were good for. */
export interface ReportsView {
  readonly seen: number
  readonly rttSamples: number
  /** Round trips of less than a millisecond. */
  readonly rttZero: number
  /** Echoes of what was not sent yet. */
  readonly rttInvalid: number
  readonly lastRttMs: number | undefined
}

export interface CoordinateCacheEntryView {
  readonly nodeAddr: NodeAddr
  readonly coordinates: Coordinates
  readonly pathMtu: number | undefined
  readonly insertedAt: Millis
  readonly lastUsedAt: Millis
}

export interface IdentityCacheEntryView {
  readonly nodeAddr: NodeAddr
  readonly publicKey: PublicKey
  readonly lastSeenAt: Millis
}

export interface RoutingView {
  readonly pendingLookups: readonly {
    readonly target: NodeAddr
    readonly attempt: number
    readonly startedAt: Millis
  }[]
  readonly pendingPackets: number
  readonly pendingDestinations: number
  readonly recentRequests: number
}

export interface ReachView {
  readonly coordinates: Coordinates | undefined
  /** It is a neighbour that can be sent to. */
  readonly isNeighbour: boolean
  readonly route:
    | { readonly type: 'local' | 'unknown-position' | 'dead-end' }
    | { readonly type: 'forward'; readonly via: NodeAddr; readonly class: RouteClass }
  /** Neighbours that a lookup would go to. */
  readonly lookupPeers: number
  /** The path begins with a constrained link, or may. */
  readonly isSlow: boolean
}
