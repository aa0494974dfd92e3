/** `show_peers`: authenticated neighbours. */
import { npubOf, type PeerView, type TrafficView } from '../../../core/index.ts'
import type { ControlHost } from '../host.ts'
import { defined, ipv6Text, type Json, type JsonObject } from '../json.ts'
import { metricsJson } from './metrics-json.ts'

const SESSION_INDEX_DIGITS = 8

/** Rendezvous over Nostr is not part of this program; the block says that nothing failed. */
const NO_TRAVERSAL: JsonObject = {
  consecutive_failures: 0,
  in_cooldown: false,
  cooldown_until_ms: null,
  last_observed_skew_ms: null,
}

export function showPeers(host: ControlHost): JsonObject {
  return { peers: host.views.peers().map((peer) => peerJson(host, peer)) }
}

function peerJson(host: ControlHost, peer: PeerView): JsonObject {
  const radio = host.transports().find(({ id }) => id === peer.transportId)
  return defined({
    node_addr: peer.nodeAddr,
    npub: npubOf(peer.publicKey),
    display_name: host.names.displayName(peer.nodeAddr, peer.publicKey),
    ipv6_addr: ipv6Text(peer.nodeAddr),
    connectivity: peer.connectivity,
    link_id: peer.linkId,
    direction: peer.direction,
    transport_addr: peer.transportAddr,
    transport_type: peer.transportKind,
    authenticated_at_ms: host.unixMs(peer.authenticatedAt),
    last_seen_ms: host.unixMs(peer.lastSeen),
    has_tree_position: peer.hasTreePosition,
    has_bloom_filter: peer.hasBloomFilter,
    filter_sequence: Number(peer.filterSequence),
    is_parent: peer.isParent,
    is_child: peer.isChild,
    tree_depth: peer.treeDepth,
    effective_depth: peer.effectiveDepth ?? null,
    path_cut: peer.isToldCut,
    stats: trafficJson(peer.stats),
    replay_suppressed: peer.replaySuppressed,
    consecutive_decrypt_failures: peer.consecutiveDecryptFailures,
    nostr_traversal: NO_TRAVERSAL,
    noise: {
      send_counter: Number(peer.sendCounter),
      highest_recv_counter: Number(peer.highestReceivedCounter),
    },
    our_session_index: peer.ourSessionIndex.toString(16).padStart(SESSION_INDEX_DIGITS, '0'),
    rekey_in_progress: peer.rekeyInProgress ? true : undefined,
    rekey_draining: peer.isDraining ? true : undefined,
    current_k_bit: peer.currentKeyEpoch,
    mmp: { mode: peer.mmp.mode, ...metricsJson(peer.mmp, 'lqi') },
    transport_id: peer.transportId,
    profile: peer.profile,
    radio: radioOf(radio?.detail['neighbours'], peer.transportAddr),
  })
}

/** What a radio knows about the station: RSSI, SNR and the like. */
function radioOf(neighbours: Json | undefined, addr: string): Json | undefined {
  if (!Array.isArray(neighbours)) return undefined
  return neighbours.find(
    (neighbour: Json) =>
      typeof neighbour === 'object' &&
      neighbour !== null &&
      'addr' in neighbour &&
      neighbour['addr'] === addr,
  )
}

export function trafficJson(stats: TrafficView): JsonObject {
  return {
    packets_sent: stats.packetsSent,
    packets_recv: stats.packetsReceived,
    bytes_sent: stats.bytesSent,
    bytes_recv: stats.bytesReceived,
  }
}
