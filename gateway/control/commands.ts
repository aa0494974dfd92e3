/** Commands that do something: `connect`, `disconnect`, probes and, of ours, `ping`. */
import { npubOf, parseNpub, type Millis, type PublicKey } from '../../core/index.ts'
import { ControlError, type ControlHost } from './host.ts'
import type { JsonObject } from './json.ts'
import { field, peerKey, required, within, type Params } from './params.ts'

/** Long enough for a session over several radio hops. */
export const MAX_PING_TIMEOUT: Millis = 120_000
const PING_TIMEOUT: Millis = 10_000
const PING_PAYLOAD = 56
/** The largest echo that every IPv6 path carries whole: 1280 bytes without the IPv6 and ICMPv6 headers. */
const MAX_PING_PAYLOAD = 1232

export function connect(host: ControlHost, params: Params | undefined): JsonObject {
  const given = required('connect', params)
  const npub = field(given, 'npub')
  const address = field(given, 'address')
  const transport = field(given, 'transport')
  return host.connect(peerKey(npub, 'invalid peer npub'), npub, transport, address)
}

export function disconnect(host: ControlHost, params: Params | undefined): JsonObject {
  const npub = field(required('disconnect', params), 'npub')
  return host.disconnect(peerKey(npub, 'invalid npub'), npub)
}

/** Begins a probe of the way to a node. `npub` may be a name. */
export function probeStart(host: ControlHost, params: Params | undefined): JsonObject {
  return host.probes.start(keyOrName(host, field(required('probe_start', params), 'npub')))
}

export function probePoll(host: ControlHost, params: Params | undefined): JsonObject {
  return host.probes.poll(probeId(required('probe_poll', params)))
}

export function probeCancel(host: ControlHost, params: Params | undefined): JsonObject {
  return host.probes.cancel(probeId(required('probe_cancel', params)))
}

function probeId(params: Params): number {
  const id = params['probe_id']
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) {
    throw new ControlError("missing 'probe_id' parameter")
  }
  return id
}

/** One ICMPv6 echo through the node itself; works without a TUN. `npub` may be a name. */
export async function ping(host: ControlHost, params: Params | undefined): Promise<JsonObject> {
  const given = required('ping', params)
  const peer = keyOrName(host, field(given, 'npub'))
  const timeout = within(given, 'timeout_ms', PING_TIMEOUT, MAX_PING_TIMEOUT)
  const payloadBytes = within(given, 'size', PING_PAYLOAD, MAX_PING_PAYLOAD)
  const sequence = within(given, 'sequence', 1, 0xffff)
  const reply = await host.ping({ peer, sequence, payloadBytes, timeout })
  const base = { npub: npubOf(peer), sequence }
  switch (reply.type) {
    case 'reply':
      return { ...base, result: 'reply', rtt_ms: reply.rtt, bytes: reply.bytes, node_addr: reply.from }
    case 'timeout':
      return { ...base, result: 'timeout', timeout_ms: timeout }
    case 'undeliverable':
      return { ...base, result: 'undeliverable', reason: reply.reason }
  }
}

/** People know a node by its name as well, with or without the zone behind it. */
function keyOrName(host: ControlHost, written: string): PublicKey {
  const key = parseNpub(written)
  if (key.ok) return key.value
  const named = host.find(written.replace(/\.fips$/i, ''))
  if (named !== undefined) return named
  throw new ControlError(
    `'${written}' is neither a public key (npub1 and 58 characters) nor a name in peers or the hosts file`,
  )
}
