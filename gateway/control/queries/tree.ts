/** `show_tree`: this node's place in the spanning tree, and its peers'. */
import { npubOf } from '../../../core/index.ts'
import type { ControlHost } from '../host.ts'
import { countersJson, type JsonObject } from '../json.ts'

export function showTree(host: ControlHost): JsonObject {
  const tree = host.views.tree()
  const self = host.identity.nodeAddr
  return {
    my_node_addr: self,
    root: tree.root,
    root_npub: tree.rootPublicKey === undefined ? null : npubOf(tree.rootPublicKey),
    is_root: tree.isRoot,
    depth: tree.depth,
    my_coords: tree.coordinates,
    parent: tree.parent,
    parent_display_name: host.names.displayName(tree.parent),
    declaration_sequence: Number(tree.declarationSequence),
    declaration_signed: true,
    peer_tree_count: tree.peers.length,
    peers: tree.peers.map((peer) => ({
      node_addr: peer.nodeAddr,
      display_name: host.names.displayName(peer.nodeAddr),
      root: peer.root,
      depth: peer.depth,
      coords: peer.coordinates,
      distance_to_us: peer.distanceToUs,
    })),
    stats: countersJson(host.views.counters().tree),
  }
}
