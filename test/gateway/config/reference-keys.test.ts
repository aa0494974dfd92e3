/**
 * Every key of the reference's configuration document that concerns what this node does: it is read, has the same
 * default, and either changes something here or is listed with the reason why not. The keys of what this program
 * does not have (Nostr, LAN discovery, the native interface, Tor, Nym, BLE, Ethernet, the LAN gateway) are in the schema too, so
 * that such a file starts this node unchanged.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { DEFAULT_NODE_CONFIG } from '../../../core/index.ts'
import { interpret, type Config } from '../../../gateway/config/index.ts'
import { isRecord } from '../../../gateway/control/index.ts'
import { coreConfig } from '../../../gateway/daemon/node-config.ts'

type Value = string | number | boolean | readonly number[] | undefined

/** Key, default, and another value it may have. */
type ReferenceKey = readonly [path: string, fallback: Value, other: Exclude<Value, undefined>]

const KEYS: readonly ReferenceKey[] = [
  ['node.control.enabled', true, false],
  ['node.control.socket_path', undefined, '/run/other.sock'],
  ['node.identity.nsec', undefined, '01'.repeat(32)],
  ['node.identity.persistent', false, true],
  ['node.leaf_only', false, true],
  ['node.tick_interval_secs', 1, 2],
  ['node.base_rtt_ms', 100, 200],
  ['node.heartbeat_interval_secs', 10, 11],
  ['node.link_dead_timeout_secs', 30, 31],
  ['node.log_level', 'info', 'debug'],
  ['node.limits.max_connections', 256, 255],
  ['node.limits.max_peers', 128, 127],
  ['node.limits.max_links', 256, 255],
  ['node.limits.max_pending_inbound', 1000, 999],
  ['node.rate_limit.handshake_burst', 100, 99],
  ['node.rate_limit.handshake_rate', 10, 9],
  ['node.rate_limit.handshake_timeout_secs', 30, 31],
  ['node.rate_limit.handshake_resend_interval_ms', 1000, 999],
  ['node.rate_limit.handshake_resend_backoff', 2, 3],
  ['node.rate_limit.handshake_max_resends', 5, 4],
  ['node.rate_limit.established_handshake_burst', undefined, 7],
  ['node.rate_limit.established_handshake_rate', undefined, 7],
  ['node.rate_limit.session_setup_burst', 64, 63],
  ['node.rate_limit.session_setup_rate', 16, 15],
  ['node.retry.max_retries', 5, 4],
  ['node.retry.base_interval_secs', 5, 4],
  ['node.retry.max_backoff_secs', 300, 299],
  ['node.cache.coord_size', 50_000, 49_999],
  ['node.cache.coord_ttl_secs', 300, 299],
  ['node.cache.identity_size', 10_000, 9999],
  ['node.lookup.ttl', 64, 63],
  ['node.lookup.attempt_timeouts_secs', [1, 2, 4, 8], [1, 2]],
  ['node.lookup.recent_expiry_secs', 10, 11],
  ['node.lookup.backoff_base_secs', 0, 1],
  ['node.lookup.backoff_max_secs', 0, 60],
  ['node.lookup.forward_min_interval_secs', 2, 3],
  ['node.tree.announce_min_interval_ms', 500, 499],
  ['node.tree.parent_hysteresis', 0.2, 0.3],
  ['node.tree.hold_down_secs', 30, 31],
  ['node.tree.reeval_interval_secs', 60, 61],
  ['node.tree.flap_threshold', 4, 5],
  ['node.tree.flap_window_secs', 60, 61],
  ['node.tree.flap_dampening_secs', 120, 121],
  ['node.tree.max_depth', 64, 63],
  ['node.bloom.update_debounce_ms', 500, 499],
  ['node.bloom.max_inbound_fpr', 0.2, 0.1],
  ['node.ecn.enabled', true, false],
  ['node.ecn.loss_threshold', 0.05, 0.1],
  ['node.ecn.etx_threshold', 3, 4],
  ['node.rekey.enabled', true, false],
  ['node.rekey.after_secs', 120, 119],
  ['node.rekey.after_messages', 65_536, 65_535],
  ['node.session.default_ttl', 64, 63],
  ['node.session.pending_packets_per_dest', 16, 15],
  ['node.session.pending_max_destinations', 256, 255],
  ['node.session.idle_timeout_secs', 90, 91],
  ['node.session.coords_warmup_packets', 5, 4],
  ['node.session.coords_response_interval_ms', 2000, 1999],
  ['node.mmp.mode', 'full', 'minimal'],
  ['node.mmp.log_interval_secs', 30, 31],
  ['node.mmp.owd_window_size', 32, 31],
  ['node.session_mmp.mode', 'full', 'minimal'],
  ['node.session_mmp.log_interval_secs', 30, 31],
  ['node.session_mmp.owd_window_size', 32, 31],
  ['node.buffers.packet_channel', 1024, 1023],
  ['node.buffers.tun_channel', 1024, 1023],
  ['node.buffers.dns_channel', 64, 63],
  ['tun.enabled', false, true],
  ['tun.name', 'fips0', 'fips1'],
  ['tun.mtu', 1280, 1281],
  ['dns.enabled', true, false],
  ['dns.bind_addr', '::1', '127.0.0.1'],
  ['dns.port', 5354, 5355],
  ['dns.ttl', 300, 299],
  ['transports.udp.bind_addr', '0.0.0.0:2121', '0.0.0.0:2122'],
  ['transports.udp.mtu', 1280, 1400],
  ['transports.udp.recv_buf_size', 2_097_152, 4096],
  ['transports.udp.send_buf_size', 2_097_152, 4096],
  ['transports.udp.outbound_only', false, true],
  ['transports.udp.accept_connections', true, false],
  ['transports.udp.advertise_on_nostr', false, true],
  ['transports.udp.public', false, true],
  ['transports.udp.external_addr', undefined, '203.0.113.45'],
  ['transports.tcp.bind_addr', undefined, '0.0.0.0:8443'],
  ['transports.tcp.mtu', 1400, 1399],
  ['transports.tcp.connect_timeout_ms', 5000, 4999],
  ['transports.tcp.nodelay', true, false],
  ['transports.tcp.keepalive_secs', 30, 31],
  ['transports.tcp.recv_buf_size', 2_097_152, 4096],
  ['transports.tcp.send_buf_size', 2_097_152, 4096],
  ['transports.tcp.max_inbound_connections', 256, 255],
  ['transports.tcp.advertise_on_nostr', false, true],
  ['transports.tcp.external_addr', undefined, '203.0.113.45'],
  ['peers.alias', undefined, 'friend'],
  ['peers.connect_policy', 'auto_connect', 'on_demand'],
  ['peers.auto_reconnect', true, false],
  ['peers.via_nostr', false, true],
  ['peers.addresses.priority', 100, 99],
]

const RENDEZVOUS = 'no address is published or looked up over Nostr'
const KERNEL = 'the kernel sizes the buffers of a connection'
const QUEUES = 'there is no such queue: what comes is handled where it comes'

/** Read, and without effect. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  'node.tick_interval_secs': 'the node acts at deadlines instead of ticks',
  'node.base_rtt_ms': 'nothing follows from it, in the reference either',
  'node.buffers.packet_channel': QUEUES,
  'node.buffers.tun_channel': QUEUES,
  'node.buffers.dns_channel': QUEUES,
  'transports.udp.advertise_on_nostr': RENDEZVOUS,
  'transports.udp.public': RENDEZVOUS,
  'transports.udp.external_addr': RENDEZVOUS,
  'transports.tcp.advertise_on_nostr': RENDEZVOUS,
  'transports.tcp.external_addr': RENDEZVOUS,
  'transports.tcp.recv_buf_size': KERNEL,
  'transports.tcp.send_buf_size': KERNEL,
  'peers.via_nostr': RENDEZVOUS,
}

const PEER = 'npub16tznd9qsll0lql4pqqfx0thaex55j76vpqlruhaqn4pcrs5904csy75kz0'

/** A file that sets one key, or none. */
function fileWith(path: string, value: Value): string {
  const [first, ...rest] = path.split('.')
  const leaf = value === undefined ? '{}' : JSON.stringify(value)
  const inner = (keys: readonly string[]): string =>
    keys.reduceRight((nested, key) => (nested === '{}' ? '{}' : `{ ${key}: ${nested} }`), leaf)
  if (first !== 'peers') return `${first}: ${inner(rest)}\n`
  const own = (keys: readonly string[]): string =>
    value === undefined ? '' : `, ${keys[0]}: ${JSON.stringify(value)}`
  const [key] = rest
  const address = `{ transport: udp, addr: "127.0.0.1:1"${key === 'addresses' ? own(rest.slice(1)) : ''} }`
  return `peers:\n  - { npub: ${PEER}, addresses: [${address}]${key === 'addresses' ? '' : own(rest)} }\n`
}

function property(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** What the key says in a configuration: the first instance of a transport, the first peer, its first address. */
function valueIn(config: Config, path: string): unknown {
  let at: unknown = config
  for (const name of path.split('.')) {
    const first: unknown = Array.isArray(at) ? at[0] : at
    const settings = isRecord(first) ? (first['settings'] ?? first) : first
    assert.ok(isRecord(settings), path)
    at = settings[property(name)]
  }
  return at
}

function load(path: string, value: Value): ReturnType<typeof interpret> {
  // An instance of a transport without a key is one with its defaults.
  const text =
    value === undefined && path.startsWith('transports.')
      ? `transports: { ${path.split('.')[1]}: {} }\n`
      : fileWith(path, value)
  return interpret([{ file: 'fips.yaml', text }])
}

for (const [path, fallback, other] of KEYS) {
  test(`${path} is read, and is ${String(fallback)} when it is not given`, () => {
    assert.deepEqual(valueIn(load(path, undefined).config, path), fallback)
    const { config, notes } = load(path, other)
    assert.deepEqual(valueIn(config, path), other)
    const isIdle = notes.some(({ message }) => message.includes('without effect'))
    assert.equal(isIdle, path in WITHOUT_EFFECT)
  })
}

test('every key of the node that has an effect reaches the protocol, or is the host’s', () => {
  const HOST = /^node\.(control|identity|log_level|(session_)?mmp\.log_interval_secs)/
  for (const [path, , other] of KEYS) {
    if (!path.startsWith('node.') || path in WITHOUT_EFFECT || HOST.test(path)) continue
    assert.notDeepEqual(coreConfig(load(path, other).config.node), DEFAULT_NODE_CONFIG, path)
  }
})

test('everything in the node’s configuration is looked at by some part of it', () => {
  const core = new URL('../../../../core/', import.meta.url)
  const source = readdirSync(core, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('node/config.ts'))
    .map((file) => readFileSync(new URL(file, core), 'utf8'))
    .join('\n')
  for (const [section, keys] of Object.entries(DEFAULT_NODE_CONFIG)) {
    const names = isRecord(keys) ? Object.keys(keys) : [section]
    for (const name of names) assert.match(source, new RegExp(`\\b${name}\\b`), `${section}.${name}`)
  }
})
