/** `show_status`: the node at a glance. */
import { npubOf } from '../../../core/index.ts'
import type { NodeMetric } from '../../stats/index.ts'
import type { ControlHost } from '../host.ts'
import { countersJson, ipv6Text, type JsonObject } from '../json.ts'
import { droppedFrames } from '../dropped-frames.ts'

export function showStatus(host: ControlHost): JsonObject {
  const { views, facts, identity } = host
  const status = views.status()
  const tun = host.tun()
  const counters = views.counters()
  return {
    version: facts.version,
    npub: identity.npub,
    node_addr: status.nodeAddr,
    ipv6_addr: ipv6Text(status.nodeAddr),
    state: 'running',
    is_leaf_only: status.isLeafOnly,
    is_root: status.isRoot,
    root: status.root,
    persistent: facts.persistent,
    peer_count: status.peerCount,
    session_count: status.sessionCount,
    link_count: status.linkCount,
    transport_count: host.transports().length,
    connection_count: status.connectionCount,
    transport_peer_counts: peerCounts(host),
    tun_state: tun.state,
    tun_name: tun.name,
    effective_ipv6_mtu: status.effectiveIpv6Mtu ?? 0,
    control_socket: facts.controlSocket,
    pid: facts.pid,
    exe_path: facts.exePath,
    uptime_secs: Math.floor((host.now() - facts.startedAt) / 1000),
    estimated_mesh_size: status.estimatedMeshSize ?? null,
    forwarding: countersJson(counters.forwarding),
    sparklines: sparklines(host),
    dropped_frames: droppedFrames(counters, host.transports()),
    root_npub: rootNpub(host),
  }
}

/** The curves of the reference's screen, as long as it draws them. */
const SPARKLINES: readonly NodeMetric[] = [
  'bytes_in',
  'bytes_out',
  'loss_rate',
  'mesh_size',
  'peer_count',
  'tree_depth',
]
const SPARKLINE_SAMPLES = 30

function sparklines({ history }: ControlHost): JsonObject {
  return Object.fromEntries(SPARKLINES.map((name) => [name, history.recent(name, SPARKLINE_SAMPLES)]))
}

/** Configured kinds appear with 0. */
function peerCounts(host: ControlHost): JsonObject {
  const counts: Record<string, number> = {}
  for (const { kind } of host.transports()) counts[kind] = 0
  for (const [kind, count] of Object.entries(host.views.status().transportPeerCounts)) {
    if (count !== undefined) counts[kind] = count
  }
  return counts
}

function rootNpub(host: ControlHost): string | null {
  const key = host.views.tree().rootPublicKey
  return key === undefined ? null : npubOf(key)
}
