/** `show_routing`: lookups, retries and the counters of forwarding. */
import type { ControlHost } from '../host.ts'
import { countersJson, type JsonObject } from '../json.ts'

export function showRouting(host: ControlHost): JsonObject {
  const { views, names } = host
  const routing = views.mesh.routing()
  const counters = views.counters()
  const now = host.now()
  const lookup = countersJson(counters.discovery)
  return {
    coord_cache_entries: views.mesh.coordinateCache().length,
    identity_cache_entries: views.mesh.identityCache().length,
    pending_lookups: routing.pendingLookups.map(({ target, attempt, startedAt }) => ({
      target,
      display_name: names.displayName(target),
      initiated_ms: host.unixMs(startedAt),
      attempt,
      age_ms: Math.round(now - startedAt),
    })),
    pending_tun_destinations: routing.pendingDestinations,
    pending_tun_packets: routing.pendingPackets,
    recent_requests: routing.recentRequests,
    retries: views.retries().map((retry) => ({
      node_addr: retry.peer,
      display_name: names.displayName(retry.peer),
      retry_count: retry.failures,
      retry_after_ms: retry.nextAttemptAt === undefined ? 0 : host.unixMs(retry.nextAttemptAt),
      auto_reconnect: retry.persistent,
    })),
    forwarding: countersJson(counters.forwarding),
    discovery: lookup,
    lookup,
    error_signals: countersJson(counters.errors),
    congestion: countersJson(counters.congestion),
  }
}
