/** The `node` section: identity and the protocol's tunables, with the reference's names, ranges and defaults. */
import type {
  BloomConfig,
  CacheConfig,
  DiscoveryConfig,
  EcnConfig,
  LimitsConfig,
  MmpConfig,
  MmpMode,
  RateLimitConfig,
  RekeyConfig,
  RetryConfig,
  SessionConfig,
  TreeConfig,
} from '../../core/index.ts'
import { bool, int, ints, num, oneOf, text } from './keys.ts'
import { section, type Section } from './schema.ts'
import { lan, nativeApi, nostr, rendezvous } from './reference-sections.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

type Unused = Readonly<Record<string, unknown>>

export interface NodeSettings {
  readonly identity: IdentitySettings
  readonly leafOnly: boolean
  readonly tickIntervalSecs: number
  readonly baseRttMs: number
  readonly heartbeatIntervalSecs: number
  readonly linkDeadTimeoutSecs: number
  readonly drainTimeoutSecs: number
  readonly stateDirectory: string | undefined
  readonly logLevel: LogLevel
  readonly limits: LimitsConfig
  readonly rateLimit: RateLimitConfig
  readonly retry: RetryConfig
  readonly cache: CacheConfig
  readonly lookup: DiscoveryConfig
  readonly rendezvous: Unused
  /** The older name of `lookup` and `rendezvous`; folded into them when a file is loaded. */
  readonly discovery: Unused
  readonly tree: TreeConfig
  readonly bloom: BloomConfig
  readonly ecn: EcnConfig
  readonly rekey: RekeyConfig
  readonly session: SessionConfig
  readonly mmp: ReportSettings
  readonly sessionMmp: ReportSettings
  readonly control: ControlSettings
  readonly buffers: BufferSettings
  readonly nativeApi: Unused
}

export interface ReportSettings extends MmpConfig {
  /** Between two lines of the log about each link, or session. */
  readonly logIntervalSecs: number
}

export interface IdentitySettings {
  readonly nsec: string | undefined
  readonly persistent: boolean
}

export interface ControlSettings {
  readonly enabled: boolean
  readonly socketPath: string | undefined
}

export interface BufferSettings {
  readonly packetChannel: number
  readonly tunChannel: number
  readonly dnsChannel: number
}

const U8 = 255
const U32 = 2 ** 32 - 1
/** Sessions shift their rekey instant by up to this much, so a shorter interval would rekey at once. */
const REKEY_JITTER_SECS = 15

const identity: Section<IdentitySettings> = section('Who this node is.', {
  nsec: text({
    default: undefined,
    defaultText: 'from the key file',
    secret: true,
    allowed: 'a secret key: nsec1... or 64 hex digits',
    test: (written) => /^(nsec1[02-9ac-hj-np-z]{58}|[0-9a-f]{64})$/i.test(written),
    doc: 'Secret key of the node; wins over the key file.',
  }),
  persistent: bool({
    default: false,
    doc: 'Keep the identity in `fips.key` beside the configuration file. When false, every start makes a new one.',
  }),
})

const limits: Section<LimitsConfig> = section('Sizes of the tables.', {
  maxConnections: int({ default: 256, min: 1, doc: 'Handshakes in progress.' }),
  maxPeers: int({ default: 128, doc: 'Authenticated peers; 0 for no limit.' }),
  maxLinks: int({ default: 256, min: 1, doc: 'Links.' }),
  maxPendingInbound: int({ default: 1000, min: 1, doc: 'Inbound handshakes waiting for their turn.' }),
})

const rateLimit: Section<RateLimitConfig> = section('Protection against floods of handshakes.', {
  handshakeBurst: int({ default: 100, max: U32, doc: "Strangers' handshakes answered at once." }),
  handshakeRate: num({ default: 10, above: true, unit: 'per second', doc: 'Refill of that bucket.' }),
  handshakeTimeoutSecs: int({ default: 30, min: 1, unit: 's', doc: 'An unfinished handshake is forgotten.' }),
  handshakeResendIntervalMs: int({
    default: 1000,
    min: 1,
    unit: 'ms',
    doc: 'First repeat of a handshake message.',
  }),
  handshakeResendBackoff: num({ default: 2, min: 1, doc: 'Factor between repeats.' }),
  handshakeMaxResends: int({ default: 5, max: U32, doc: 'Repeats of one handshake message.' }),
  establishedHandshakeBurst: int({
    default: undefined,
    defaultText: 'max_peers',
    min: 1,
    max: U32,
    doc: 'Rekeys and restarts of known peers answered at once.',
  }),
  establishedHandshakeRate: num({
    default: undefined,
    defaultText: 'from max_peers and rekey',
    above: true,
    unit: 'per second',
    doc: 'Refill of that bucket.',
  }),
  sessionSetupBurst: int({
    default: 64,
    min: 1,
    max: U32,
    doc: 'Session setups through one neighbour at once.',
  }),
  sessionSetupRate: num({ default: 16, above: true, unit: 'per second', doc: 'Refill of that bucket.' }),
})

const retry: Section<RetryConfig> = section('Dialling again.', {
  maxRetries: int({
    default: 5,
    max: U32,
    doc: 'Attempts before a dialled peer is given up; lost peers are dialled for ever.',
  }),
  baseIntervalSecs: int({ default: 5, min: 1, unit: 's', doc: 'First pause; doubles with each attempt.' }),
  maxBackoffSecs: int({ default: 300, min: 1, unit: 's', doc: 'Longest pause.' }),
})

const cache: Section<CacheConfig> = section('What is remembered of other nodes.', {
  coordSize: int({ default: 50_000, min: 1, doc: 'Coordinates.' }),
  coordTtlSecs: int({ default: 300, min: 1, unit: 's', doc: 'Life of a coordinate.' }),
  identitySize: int({ default: 10_000, min: 1, doc: 'Keys; the least recently used go first.' }),
})

const lookup: Section<DiscoveryConfig> = section('Finding a node in the mesh.', {
  ttl: int({ default: 64, min: 1, max: U8, unit: 'hops', doc: 'Reach of a lookup.' }),
  attemptTimeoutsSecs: ints({ default: [1, 2, 4, 8], min: 1, unit: 's', doc: 'One attempt for each entry.' }),
  recentExpirySecs: int({ default: 10, unit: 's', doc: 'How long a request is known as seen.' }),
  backoffBaseSecs: int({ default: 0, unit: 's', doc: 'Pause after a failed lookup, doubling; 0 for none.' }),
  backoffMaxSecs: int({ default: 0, unit: 's', doc: 'Longest such pause.' }),
  forwardMinIntervalSecs: int({ default: 2, unit: 's', doc: 'Between forwarded lookups for one target.' }),
})

const tree: Section<TreeConfig> = section('The spanning tree.', {
  announceMinIntervalMs: int({ default: 500, unit: 'ms', doc: 'Between announces to one peer.' }),
  parentHysteresis: num({ default: 0.2, max: 1, doc: 'Share by which another parent must be better.' }),
  holdDownSecs: int({ default: 30, unit: 's', doc: 'Rest after a change of parent.' }),
  reevalIntervalSecs: int({ default: 60, unit: 's', doc: 'Between looks for a better parent; 0 for never.' }),
  flapThreshold: int({
    default: 4,
    max: U32,
    doc: 'Changes of parent in the window that count as flapping.',
  }),
  flapWindowSecs: int({ default: 60, unit: 's', doc: 'That window.' }),
  flapDampeningSecs: int({ default: 120, unit: 's', doc: 'Rest after flapping.' }),
  maxDepth: int({
    default: 64,
    min: 1,
    max: 2000,
    unit: 'links',
    doc: 'Longest way to the root. A link’s MTU may set less: an announce has 136 bytes and 32 for each node on it.',
  }),
})

const reports = (doc: string): Section<ReportSettings> =>
  section(doc, {
    mode: oneOf<MmpMode>(['full', 'lightweight', 'minimal'], {
      default: 'full',
      doc: 'Both reports, the receiver’s only, or none.',
    }),
    logIntervalSecs: int({
      default: 30,
      min: 1,
      unit: 's',
      doc: 'Between lines in the log, at level `debug`.',
    }),
    owdWindowSize: int({ default: 32, min: 2, max: 1024, doc: 'Samples of the one-way delay trend.' }),
  })

export const nodeSection: Section<NodeSettings> = section('The node and its protocol.', {
  identity,
  leafOnly: bool({ default: false, doc: 'Forward nothing for others.' }),
  tickIntervalSecs: int({
    default: 1,
    min: 1,
    unit: 's',
    doc: 'The node acts at deadlines instead.',
    applied: false,
  }),
  baseRttMs: int({
    default: 100,
    min: 1,
    unit: 'ms',
    doc: 'Round trip assumed for a new link; nothing follows from it, in the reference either.',
    applied: false,
  }),
  heartbeatIntervalSecs: int({
    default: 10,
    min: 1,
    unit: 's',
    doc: 'Silence after which a heartbeat is sent.',
  }),
  linkDeadTimeoutSecs: int({ default: 30, min: 1, unit: 's', doc: 'Silence after which a peer is lost.' }),
  drainTimeoutSecs: int({ default: 2, unit: 's', doc: 'Time for goodbyes when stopping.' }),
  stateDirectory: text({
    default: undefined,
    defaultText: 'beside the configuration file',
    doc: 'Folder of `fips.airtime`, the airtime used in the last hour, which a restart must not forget.',
  }),
  logLevel: oneOf<LogLevel>(['trace', 'debug', 'info', 'warn', 'error'], {
    default: 'info',
    doc: 'Lines of this level and above are logged.',
  }),
  limits,
  rateLimit,
  retry,
  cache,
  lookup,
  rendezvous,
  discovery: section<Unused>('Older name of `lookup` and `rendezvous`.', {
    ...lookup.keys,
    nostr,
    lan,
  }),
  tree,
  bloom: section<BloomConfig>('Reachability filters.', {
    updateDebounceMs: int({ default: 500, unit: 'ms', doc: 'Changes within this time go out together.' }),
    maxInboundFpr: num({
      default: 0.2,
      above: true,
      max: 0.999_999,
      doc: 'Filters fuller than this are refused.',
    }),
  }),
  ecn: section<EcnConfig>('Congestion marks.', {
    enabled: bool({ default: true, doc: 'Mark and relay congestion.' }),
    lossThreshold: num({ default: 0.05, max: 1, doc: 'Loss of a link from which packets are marked.' }),
    etxThreshold: num({ default: 3, min: 1, doc: 'ETX of a link from which packets are marked.' }),
  }),
  rekey: section<RekeyConfig>('Fresh keys.', {
    enabled: bool({ default: true, doc: 'Start rekeys; those of peers are answered in any case.' }),
    afterSecs: int({ default: 120, min: REKEY_JITTER_SECS + 1, unit: 's', doc: 'Age of keys.' }),
    afterMessages: int({ default: 65_536, min: 1, doc: 'Messages under one key.' }),
  }),
  session: section<SessionConfig>('End-to-end sessions.', {
    defaultTtl: int({ default: 64, min: 1, max: U8, unit: 'hops', doc: 'Reach of a datagram.' }),
    pendingPacketsPerDest: int({
      default: 16,
      min: 1,
      doc: 'Packets kept for one destination while its session comes up.',
    }),
    pendingMaxDestinations: int({ default: 256, min: 1, doc: 'Destinations with such packets.' }),
    idleTimeoutSecs: int({ default: 90, min: 1, unit: 's', doc: 'An idle session is dropped.' }),
    coordsWarmupPackets: int({
      default: 5,
      max: U8,
      doc: 'First packets of a session that carry coordinates.',
    }),
    coordsResponseIntervalMs: int({
      default: 2000,
      unit: 'ms',
      doc: 'Between answers to requests for coordinates.',
    }),
  }),
  mmp: reports('Reports between peers.'),
  sessionMmp: reports('Reports between the ends of a session.'),
  control: section<ControlSettings>('The control socket.', {
    enabled: bool({ default: true, doc: 'Answer `fips-radio status` and the like.' }),
    socketPath: text({
      default: undefined,
      defaultText: '/run/fips/control.sock, else in $XDG_RUNTIME_DIR/fips, else /tmp/fips-control.sock',
      doc: 'Path of the socket.',
    }),
  }),
  buffers: section<BufferSettings>('Sizes of queues inside the reference.', {
    packetChannel: int({ default: 1024, min: 1, doc: "The reference's.", applied: false }),
    tunChannel: int({ default: 1024, min: 1, doc: "The reference's.", applied: false }),
    dnsChannel: int({ default: 64, min: 1, doc: "The reference's.", applied: false }),
  }),
  nativeApi,
})
