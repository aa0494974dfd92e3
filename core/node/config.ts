/**
 * The tunable values of the protocol: the reference's `node.*` keys, written in camelCase, in the reference's units.
 * Everything that only the host cares about (sockets, files, logging) is configured elsewhere.
 */

/** How much of the link or session measurement runs: both reports, receiver reports only, or spin bit and CE echo alone. */
export type MmpMode = 'full' | 'lightweight' | 'minimal'

export interface NodeConfig {
  /** Carries no traffic for others. Default false. */
  readonly leafOnly: boolean
  /** Silence in s after which a heartbeat goes out on a stock link, 1..3600. Default 10. */
  readonly heartbeatIntervalSecs: number
  /** Silence in s after which a stock link is dead, 1..86400; longer than the heartbeat interval. Default 30. */
  readonly linkDeadTimeoutSecs: number
  readonly limits: LimitsConfig
  readonly rateLimit: RateLimitConfig
  readonly retry: RetryConfig
  readonly cache: CacheConfig
  readonly discovery: DiscoveryConfig
  readonly tree: TreeConfig
  readonly bloom: BloomConfig
  readonly ecn: EcnConfig
  readonly rekey: RekeyConfig
  readonly session: SessionConfig
  /** Link reports. */
  readonly mmp: MmpConfig
  /** End-to-end reports. */
  readonly sessionMmp: MmpConfig
}

/** Bounds of the tables; 0 means unbounded in the reference and is refused here. */
export interface LimitsConfig {
  /** Handshakes of ours under way, 1..65536. Default 256. */
  readonly maxConnections: number
  /** Authenticated peers, 1..65536. Default 128. */
  readonly maxPeers: number
  /** Links, handshaking or up, 1..65536. Default 256. */
  readonly maxLinks: number
  /** Answered handshakes that no frame has confirmed yet, 1..65536. Default 1000. */
  readonly maxPendingInbound: number
}

export interface RateLimitConfig {
  /** Handshakes from strangers accepted at once, 1..65536. Default 100. */
  readonly handshakeBurst: number
  /** Refill of that bucket per second, > 0. Default 10. */
  readonly handshakeRate: number
  /** Age in s at which an unfinished handshake is given up, 1..3600. Default 30. */
  readonly handshakeTimeoutSecs: number
  /** Wait in ms before msg1 is sent again, 10..60000. Default 1000. */
  readonly handshakeResendIntervalMs: number
  /** Factor on that wait after each resend, 1..10. Default 2. */
  readonly handshakeResendBackoff: number
  /** Resends of one msg1, 0..100. Default 5. */
  readonly handshakeMaxResends: number
  /** Burst for sources that already have a link; undefined derives it from `limits.maxPeers`. */
  readonly establishedHandshakeBurst: number | undefined
  /** Refill per second for those; undefined derives it from the peers and the rekey interval. */
  readonly establishedHandshakeRate: number | undefined
  /** Session setups of strangers that one neighbour may bring at once, 1..65536. Default 64. */
  readonly sessionSetupBurst: number
  /** Refill of that bucket per second, > 0. Default 16. */
  readonly sessionSetupRate: number
}

export interface RetryConfig {
  /** Attempts on a peer that is not persistent, 0..1000. Default 5. */
  readonly maxRetries: number
  /** First wait in s, 1..3600; doubles with each failure. Default 5. */
  readonly baseIntervalSecs: number
  /** Longest wait in s, 1..86400. Default 300. */
  readonly maxBackoffSecs: number
}

export interface CacheConfig {
  /** Coordinates remembered, 1..10^6. Default 50000. */
  readonly coordSize: number
  /** Life of an unused one in s, 1..86400. Default 300. */
  readonly coordTtlSecs: number
  /** Keys remembered by address, 1..10^6. Default 10000. */
  readonly identitySize: number
}

export interface DiscoveryConfig {
  /** Hop limit of a LookupRequest, 1..255. Default 64. */
  readonly ttl: number
  /** Patience in s with each attempt; its length is the number of attempts. Default 1, 2, 4, 8. */
  readonly attemptTimeoutsSecs: readonly number[]
  /** Time in s for which a request id counts as a duplicate, 1..3600. Default 10. */
  readonly recentExpirySecs: number
  /** Silence in s after a failed lookup, doubling; 0 is off. Default 0. */
  readonly backoffBaseSecs: number
  /** Cap in s on that silence. Default 0. */
  readonly backoffMaxSecs: number
  /** Least interval in s between requests forwarded for one target, 0..3600. Default 2. */
  readonly forwardMinIntervalSecs: number
}

export interface TreeConfig {
  /** Least interval in ms between TreeAnnounces to one peer, 0..60000. Default 500. */
  readonly announceMinIntervalMs: number
  /** Share by which a new parent must be cheaper, 0..1. Default 0.2. */
  readonly parentHysteresis: number
  /** Time in s after a switch in which only a better root moves us, 0..3600. Default 30. */
  readonly holdDownSecs: number
  /** Interval in s of the cost-based re-evaluation, 0 is off. Default 60. */
  readonly reevalIntervalSecs: number
  /** Switches within the window that count as flapping, 1..1000. Default 4. */
  readonly flapThreshold: number
  /** That window in s, 1..3600. Default 60. */
  readonly flapWindowSecs: number
  /** Hold-down in s once flapping was seen, 0..86400. Default 120. */
  readonly flapDampeningSecs: number
  /** Most links to the root, as far as the links can tell of so long a path, 1..2000. Default 64. */
  readonly maxDepth: number
}

export interface BloomConfig {
  /** Least interval in ms between FilterAnnounces to one peer, 0..60000. Default 500. */
  readonly updateDebounceMs: number
  /** False-positive rate above which a received filter is refused, in (0, 1). Default 0.2. */
  readonly maxInboundFpr: number
}

export interface EcnConfig {
  /** Mark and relay congestion. Default true. */
  readonly enabled: boolean
  /** Loss of the outgoing link from which forwarded packets are marked, 0..1. Default 0.05. */
  readonly lossThreshold: number
  /** ETX of the outgoing link from which they are marked, >= 1. Default 3. */
  readonly etxThreshold: number
}

export interface RekeyConfig {
  /** Start rekeys of our own; a peer's are answered in any case. Default true. */
  readonly enabled: boolean
  /** Age in s of the keys of a stock link or session, 1..86400. Default 120. */
  readonly afterSecs: number
  /** Frames sent under one key, 1..2^32. Default 65536. */
  readonly afterMessages: number
}

export interface SessionConfig {
  /** Hop limit of a SessionDatagram, 1..255. Default 64. */
  readonly defaultTtl: number
  /** Packets held for one destination while its session is set up, 1..4096. Default 16. */
  readonly pendingPacketsPerDest: number
  /** Destinations packets are held for, 1..65536. Default 256. */
  readonly pendingMaxDestinations: number
  /** Time in s without application data after which a session goes, 1..86400. Default 90. */
  readonly idleTimeoutSecs: number
  /** First packets of a session that carry coordinates, 0..255. Default 5. */
  readonly coordsWarmupPackets: number
  /** Least interval in ms between warm-ups that error signals ask for, 0..60000. Default 2000. */
  readonly coordsResponseIntervalMs: number
}

export interface MmpConfig {
  /** Default full. */
  readonly mode: MmpMode
  /** One-way delay samples kept for the trend, 2..1024. Default 32. */
  readonly owdWindowSize: number
}

/** The reference's defaults. */
export const DEFAULT_NODE_CONFIG: NodeConfig = {
  leafOnly: false,
  heartbeatIntervalSecs: 10,
  linkDeadTimeoutSecs: 30,
  limits: { maxConnections: 256, maxPeers: 128, maxLinks: 256, maxPendingInbound: 1000 },
  rateLimit: {
    handshakeBurst: 100,
    handshakeRate: 10,
    handshakeTimeoutSecs: 30,
    handshakeResendIntervalMs: 1000,
    handshakeResendBackoff: 2,
    handshakeMaxResends: 5,
    establishedHandshakeBurst: undefined,
    establishedHandshakeRate: undefined,
    sessionSetupBurst: 64,
    sessionSetupRate: 16,
  },
  retry: { maxRetries: 5, baseIntervalSecs: 5, maxBackoffSecs: 300 },
  cache: { coordSize: 50_000, coordTtlSecs: 300, identitySize: 10_000 },
  discovery: {
    ttl: 64,
    attemptTimeoutsSecs: [1, 2, 4, 8],
    recentExpirySecs: 10,
    backoffBaseSecs: 0,
    backoffMaxSecs: 0,
    forwardMinIntervalSecs: 2,
  },
  tree: {
    announceMinIntervalMs: 500,
    parentHysteresis: 0.2,
    holdDownSecs: 30,
    reevalIntervalSecs: 60,
    flapThreshold: 4,
    flapWindowSecs: 60,
    flapDampeningSecs: 120,
    maxDepth: 64,
  },
  bloom: { updateDebounceMs: 500, maxInboundFpr: 0.2 },
  ecn: { enabled: true, lossThreshold: 0.05, etxThreshold: 3 },
  rekey: { enabled: true, afterSecs: 120, afterMessages: 65_536 },
  session: {
    defaultTtl: 64,
    pendingPacketsPerDest: 16,
    pendingMaxDestinations: 256,
    idleTimeoutSecs: 90,
    coordsWarmupPackets: 5,
    coordsResponseIntervalMs: 2000,
  },
  mmp: { mode: 'full', owdWindowSize: 32 },
  sessionMmp: { mode: 'full', owdWindowSize: 32 },
}

/** What an embedder may leave out: every section and every key of a section. */
export type PartialNodeConfig = {
  readonly [K in keyof NodeConfig]?: NodeConfig[K] extends object ? Partial<NodeConfig[K]> : NodeConfig[K]
}

/** The defaults with `overrides` laid over them. Values are taken as they are: the host checks ranges. */
export function nodeConfig(overrides: PartialNodeConfig = {}): NodeConfig {
  const base = DEFAULT_NODE_CONFIG
  return {
    ...base,
    ...overrides,
    limits: { ...base.limits, ...overrides.limits },
    rateLimit: { ...base.rateLimit, ...overrides.rateLimit },
    retry: { ...base.retry, ...overrides.retry },
    cache: { ...base.cache, ...overrides.cache },
    discovery: { ...base.discovery, ...overrides.discovery },
    tree: { ...base.tree, ...overrides.tree },
    bloom: { ...base.bloom, ...overrides.bloom },
    ecn: { ...base.ecn, ...overrides.ecn },
    rekey: { ...base.rekey, ...overrides.rekey },
    session: { ...base.session, ...overrides.session },
    mmp: { ...base.mmp, ...overrides.mmp },
    sessionMmp: { ...base.sessionMmp, ...overrides.sessionMmp },
  }
}
