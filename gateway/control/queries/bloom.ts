/** `show_bloom`: reachability filters. */
import type { ControlHost } from '../host.ts'
import { countersJson, type JsonObject } from '../json.ts'

export function showBloom(host: ControlHost): JsonObject {
  const bloom = host.views.bloom()
  return {
    own_node_addr: host.identity.nodeAddr,
    is_leaf_only: host.views.status().isLeafOnly,
    sequence: Number(bloom.sequence),
    leaf_dependent_count: bloom.leafDependents.length,
    leaf_dependents: [...bloom.leafDependents],
    peer_filters: bloom.peerFilters.map((filter) => ({
      peer: filter.peer,
      display_name: host.names.displayName(filter.peer),
      has_filter: filter.hasFilter,
      filter_sequence: Number(filter.filterSequence),
      set_bits: filter.setBits,
      fill_ratio: filter.fillRatio,
      estimated_count: filter.estimatedCount ?? null,
      left_out: filter.isLeftOut,
    })),
    uptree_fill_ratio: bloom.uptree?.fillRatio ?? null,
    uptree_estimated_count: bloom.uptree?.estimatedCount ?? null,
    stats: countersJson(host.views.counters().bloom),
  }
}
