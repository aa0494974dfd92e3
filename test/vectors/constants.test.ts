/** The numbers both sides of a link must agree on, and the defaults an operator of a stock node expects. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DATAGRAM_HEADER_SIZE,
  DEFAULT_NODE_CONFIG,
  DISCONNECT_REASONS,
  EPOCH_SIZE,
  ESTABLISHED_HEADER_SIZE,
  ESTABLISHED_MIN_SIZE,
  FILTER_BITS,
  FILTER_HASHES,
  FILTER_SIZE_CLASS,
  FMP_VERSION,
  FSP_PREFIX_SIZE,
  FSP_VERSION,
  IK_MSG1_SIZE,
  IK_MSG2_SIZE,
  IPV6_OVERHEAD,
  IPV6_PREFIX,
  LINK_MESSAGE_TYPES,
  MSG1_FRAME_SIZE,
  MSG2_FRAME_SIZE,
  PORT_HEADER_SIZE,
  PORT_IPV6,
  PREFIX_SIZE,
  REPLAY_WINDOW,
  SESSION_HEADER_SIZE,
  SESSION_INNER_HEADER_SIZE,
  SESSION_MESSAGE_TYPES,
  SESSION_OVERHEAD,
  SESSION_RECEIVER_REPORT_SIZE,
  SESSION_SENDER_REPORT_SIZE,
  SIGNAL_TYPES,
  TAG_SIZE,
  XK_MSG1_SIZE,
  XK_MSG2_SIZE,
  XK_MSG3_SIZE,
  COMPRESSED_KEY_SIZE,
  encodeMsg1,
  encodeMsg2,
  encodePathMtu,
  encodeSignal,
  nobleCrypto,
  nodeAddrFromBytes,
  sealFrame,
  sealSession,
  type FrameFlags,
} from '../../core/index.ts'
import * as fsp from '../../core/fsp/prefix.ts'
import * as mmp from '../../core/mmp/limits.ts'
import { IK_NAME, XK_NAME } from '../../core/noise/symmetric.ts'
import { CROSSING_WINDOW, linkTimerTable } from '../../core/peer/index.ts'
import { ERROR_MIN_INTERVAL } from '../../core/routing/index.ts'
import { paceOf, REKEY_DAMPENING_MS, REKEY_JITTER_MS } from '../../core/session/pace.ts'
import { checkEach, loadVectors, testNamesAreKnown } from './load.ts'

const vectors = loadVectors('constants.json')
testNamesAreKnown(vectors, ['count', 'constants'])

const NO_BYTES = new Uint8Array(0)
const cipher = nobleCrypto.cipher(new Uint8Array(32))
const node = nodeAddrFromBytes(new Uint8Array(16))
const config = DEFAULT_NODE_CONFIG
const stockLink = linkTimerTable(config).stock
const stockSession = paceOf(config, false)
const SECOND = 1000

function linkFlags(set: Partial<FrameFlags>): number | undefined {
  const flags = { keyEpoch: false, ce: false, spin: false, ...set }
  return sealFrame(cipher, { receiverIndex: 0, counter: 0n, flags, timestamp: 0, message: NO_BYTES })[1]
}

const SEALED_EMPTY = sealSession(cipher, {
  keyEpoch: false,
  counter: 0n,
  timestamp: 0,
  messageType: 0,
  spin: false,
  body: NO_BYTES,
})

function signalSize(type: 'coords-required' | 'mtu-exceeded'): number {
  const ends = { destination: node, reporter: node }
  const payload = encodeSignal(type === 'coords-required' ? { type, ...ends } : { type, ...ends, mtu: 0 })
  return payload.length - FSP_PREFIX_SIZE
}

/** By group and name as the file has them. */
const OURS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  noise: {
    protocol_name_ik: IK_NAME,
    protocol_name_xk: XK_NAME,
    tag_size: TAG_SIZE,
    public_key_size: COMPRESSED_KEY_SIZE,
    epoch_size: EPOCH_SIZE,
    encrypted_epoch_size: EPOCH_SIZE + TAG_SIZE,
    ik_msg1_size: IK_MSG1_SIZE,
    ik_msg2_size: IK_MSG2_SIZE,
    xk_msg1_size: XK_MSG1_SIZE,
    xk_msg2_size: XK_MSG2_SIZE,
    xk_msg3_size: XK_MSG3_SIZE,
    replay_window: REPLAY_WINDOW,
  },
  fmp: {
    version: FMP_VERSION,
    phase_established: 0,
    phase_msg1: encodeMsg1(0, new Uint8Array(IK_MSG1_SIZE))[0],
    phase_msg2: encodeMsg2(0, 0, new Uint8Array(IK_MSG2_SIZE))[0],
    common_prefix_size: PREFIX_SIZE,
    established_header_size: ESTABLISHED_HEADER_SIZE,
    msg1_wire_size: MSG1_FRAME_SIZE,
    msg2_wire_size: MSG2_FRAME_SIZE,
    established_min_size: ESTABLISHED_MIN_SIZE,
    inner_header_size: 5,
    flag_key_epoch: linkFlags({ keyEpoch: true }),
    flag_ce: linkFlags({ ce: true }),
    flag_spin: linkFlags({ spin: true }),
  },
  'link message type': {
    SessionDatagram: LINK_MESSAGE_TYPES['session-datagram'],
    SenderReport: LINK_MESSAGE_TYPES['sender-report'],
    ReceiverReport: LINK_MESSAGE_TYPES['receiver-report'],
    TreeAnnounce: LINK_MESSAGE_TYPES['tree-announce'],
    FilterAnnounce: LINK_MESSAGE_TYPES['filter-announce'],
    LookupRequest: LINK_MESSAGE_TYPES['lookup-request'],
    LookupResponse: LINK_MESSAGE_TYPES['lookup-response'],
    Disconnect: LINK_MESSAGE_TYPES.disconnect,
    Heartbeat: LINK_MESSAGE_TYPES.heartbeat,
  },
  'disconnect reason': {
    Shutdown: DISCONNECT_REASONS.shutdown,
    Restart: DISCONNECT_REASONS.restart,
    ProtocolError: DISCONNECT_REASONS['protocol-error'],
    TransportFailure: DISCONNECT_REASONS['transport-failure'],
    ResourceExhaustion: DISCONNECT_REASONS['resource-exhaustion'],
    SecurityViolation: DISCONNECT_REASONS['security-violation'],
    ConfigurationChange: DISCONNECT_REASONS['configuration-change'],
    Timeout: DISCONNECT_REASONS.timeout,
    Other: DISCONNECT_REASONS.other,
  },
  fsp: {
    version: FSP_VERSION,
    phase_established: fsp.PHASE_ESTABLISHED,
    phase_msg1: fsp.PHASE_SETUP,
    phase_msg2: fsp.PHASE_ACK,
    phase_msg3: fsp.PHASE_MSG3,
    common_prefix_size: FSP_PREFIX_SIZE,
    header_size: SESSION_HEADER_SIZE,
    inner_header_size: SESSION_INNER_HEADER_SIZE,
    encrypted_min_size: SEALED_EMPTY.length - SESSION_INNER_HEADER_SIZE,
    port_header_size: PORT_HEADER_SIZE,
    port_ipv6_shim: PORT_IPV6,
    flag_coords_present: fsp.FLAG_COORDINATES,
    flag_key_epoch: fsp.FLAG_KEY_EPOCH,
    flag_unencrypted: fsp.FLAG_PLAINTEXT,
    session_datagram_header_size: DATAGRAM_HEADER_SIZE,
    coords_required_size: signalSize('coords-required'),
    mtu_exceeded_size: signalSize('mtu-exceeded'),
    session_sender_report_size: SESSION_SENDER_REPORT_SIZE,
    session_receiver_report_size: SESSION_RECEIVER_REPORT_SIZE,
    path_mtu_notification_size: encodePathMtu(0).length,
  },
  'session message type': {
    DataPacket: SESSION_MESSAGE_TYPES.data,
    SenderReport: SESSION_MESSAGE_TYPES['sender-report'],
    ReceiverReport: SESSION_MESSAGE_TYPES['receiver-report'],
    PathMtuNotification: SESSION_MESSAGE_TYPES['path-mtu'],
    CoordsWarmup: SESSION_MESSAGE_TYPES['coords-warmup'],
  },
  'error signal type': {
    CoordsRequired: SIGNAL_TYPES['coords-required'],
    PathBroken: SIGNAL_TYPES['path-broken'],
    MtuExceeded: SIGNAL_TYPES['mtu-exceeded'],
  },
  ipv6: {
    address_prefix: IPV6_PREFIX,
    overhead_any_service: SESSION_OVERHEAD,
    overhead_ipv6: IPV6_OVERHEAD,
  },
  bloom: {
    bits: FILTER_BITS,
    hash_count: FILTER_HASHES,
    size_class: FILTER_SIZE_CLASS,
    update_debounce: config.bloom.updateDebounceMs,
    max_inbound_fpr: config.bloom.maxInboundFpr,
  },
  tree: {
    announce_min_interval: config.tree.announceMinIntervalMs,
    parent_hysteresis: config.tree.parentHysteresis,
    hold_down: config.tree.holdDownSecs,
    reevaluation_interval: config.tree.reevalIntervalSecs,
    flap_threshold: config.tree.flapThreshold,
    flap_window: config.tree.flapWindowSecs,
    flap_dampening: config.tree.flapDampeningSecs,
  },
  lookup: {
    ttl: config.discovery.ttl,
    attempt_timeouts: config.discovery.attemptTimeoutsSecs,
    recent_request_expiry: config.discovery.recentExpirySecs,
    backoff_base: config.discovery.backoffBaseSecs,
    backoff_max: config.discovery.backoffMaxSecs,
    forward_min_interval: config.discovery.forwardMinIntervalSecs,
  },
  routing: {
    error_min_interval: ERROR_MIN_INTERVAL,
    coord_cache_entries: config.cache.coordSize,
    coord_cache_ttl: config.cache.coordTtlSecs,
    identity_cache_entries: config.cache.identitySize,
  },
  session: {
    ttl: config.session.defaultTtl,
    idle_timeout: config.session.idleTimeoutSecs,
    coords_warmup_packets: config.session.coordsWarmupPackets,
    coords_response_interval: config.session.coordsResponseIntervalMs,
    pending_packets_per_destination: config.session.pendingPacketsPerDest,
    pending_destinations: config.session.pendingMaxDestinations,
    rekey_drain: stockSession.drainMs / SECOND,
    rekey_dampening: REKEY_DAMPENING_MS / SECOND,
  },
  rekey: {
    enabled: config.rekey.enabled,
    after: config.rekey.afterSecs,
    after_messages: config.rekey.afterMessages,
    jitter: REKEY_JITTER_MS / SECOND,
    link_drain: stockLink.drainMs / SECOND,
    link_dampening: CROSSING_WINDOW / SECOND,
    jitter_measurement_grace: mmp.REKEY_JITTER_GRACE / SECOND,
  },
  handshake: {
    timeout: config.rateLimit.handshakeTimeoutSecs,
    resend_interval: config.rateLimit.handshakeResendIntervalMs,
    resend_backoff: config.rateLimit.handshakeResendBackoff,
    max_resends: config.rateLimit.handshakeMaxResends,
    msg1_burst: config.rateLimit.handshakeBurst,
    msg1_rate: config.rateLimit.handshakeRate,
    session_setup_burst: config.rateLimit.sessionSetupBurst,
    session_setup_rate: config.rateLimit.sessionSetupRate,
  },
  link: {
    heartbeat_interval: config.heartbeatIntervalSecs,
    dead_timeout: config.linkDeadTimeoutSecs,
    retry_base: config.retry.baseIntervalSecs,
    retry_max_backoff: config.retry.maxBackoffSecs,
    retry_max: config.retry.maxRetries,
    max_peers: config.limits.maxPeers,
    max_connections: config.limits.maxConnections,
    max_links: config.limits.maxLinks,
    max_pending_inbound: config.limits.maxPendingInbound,
  },
  mmp: {
    cold_start_interval: mmp.LINK_PACING.coldStartMin,
    min_report_interval: mmp.LINK_PACING.min,
    max_report_interval: mmp.LINK_PACING.max,
    cold_start_samples: mmp.LINK_PACING.coldStartUpdates,
    session_cold_start_interval: mmp.SESSION_PACING.initial,
    session_min_report_interval: mmp.SESSION_PACING.min,
    session_max_report_interval: mmp.SESSION_PACING.max,
    owd_window: config.mmp.owdWindowSize,
    ewma_short_alpha: mmp.EWMA_SHORT_WEIGHT,
    ewma_long_alpha: mmp.EWMA_LONG_WEIGHT,
    min_actionable_path_mtu: mmp.MIN_ACTIONABLE_PATH_MTU,
    path_mtu_notification_interval: mmp.PATH_MTU_NOTIFICATION_INTERVAL,
  },
  ecn: {
    enabled: config.ecn.enabled,
    loss_threshold: config.ecn.lossThreshold,
    etx_threshold: config.ecn.etxThreshold,
  },
}

/** What has no counterpart here, or one under another name, with the reason. */
const NOT_COMPARED: Readonly<Record<string, string>> = {
  'noise max_message_size': 'no message of ours is near it: every one has its own exact size',
  'fsp inner_flag_spin': 'part of every frame of fsp.json',
  'fsp port_protocol_max': 'ports are not divided: a service takes any',
  'fsp port_standard_max': 'ports are not divided: a service takes any',
  'fsp port_ephemeral_min': 'ports are not divided: a service takes any',
  'ipv6 shim_format_compressed': 'part of every shim of fsp.json',
  'ipv6 minimum_mtu': 'compared with what RFC 8200 says, in the tests of the host side',
  'ipv6 tun_mtu': 'a key of the configuration, compared there',
  'ipv6 dns_port': 'a key of the configuration, compared there',
  'ipv6 dns_ttl': 'a key of the configuration, compared there',
  'tree announce_version': 'part of every announce of stp.json',
  'tree flap_dampening_max': 'the key of the configuration has its own bound',
  'lookup forward_limiter_entry_age': 'ours forgets by number, the oldest first',
  'lookup max_recent_requests': 'the parameter of request_handling in lookup.json',
  'routing error_limiter_entry_age': 'ours forgets by number, the oldest first',
  'session rekey_cutover_delay': 'new session keys come into use by use: docs/differences.md',
  'rekey link_min_session_age_to_accept': 'a different msg1 is answered afresh: docs/differences.md',
  'link base_rtt': 'a key of the configuration from which nothing follows',
  'link tick': 'timers have instants: there is no tick',
  'link decrypt_failures_before_drop': 'bad frames end no link: docs/differences.md',
}

/** Media have tests and configuration of their own. */
const NOT_COMPARED_GROUP = 'transport'

interface ConstantVector {
  readonly group: string
  readonly name: string
  readonly value: unknown
}

test('constants.json: constants', () => {
  const constants = vectors.group<ConstantVector>('constants')
  assert.equal(vectors.value('count'), constants.length)
  checkEach(constants, (vector) => {
    if (vector.group === NOT_COMPARED_GROUP) return
    const group = OURS[vector.group]
    assert.ok(group !== undefined, `unknown group ${vector.group}`)
    const isCompared = vector.name in group
    assert.notEqual(isCompared, `${vector.group} ${vector.name}` in NOT_COMPARED)
    if (isCompared) assert.deepEqual(group[vector.name], vector.value)
  })
})

const skip =
  process.env['VECTORS'] === undefined ? false : 'only the set of this repository is known to list them all'

test('constants.json: every value of ours is compared with one of the file', { skip }, () => {
  const listed = new Set(
    vectors.group<ConstantVector>('constants').map((vector) => `${vector.group} ${vector.name}`),
  )
  for (const [group, values] of Object.entries(OURS)) {
    for (const name of Object.keys(values)) assert.ok(listed.has(`${group} ${name}`), `${group} ${name}`)
  }
})
