/** `show_cache` and `show_identity_cache`: what is remembered of other nodes. */
import { npubOf, type CacheConfig } from '../../../core/index.ts'
import type { ControlHost } from '../host.ts'
import { defined, ipv6Text, type JsonObject } from '../json.ts'

export function showCache(host: ControlHost, limits: CacheConfig): JsonObject {
  const entries = host.views.mesh.coordinateCache()
  const now = host.now()
  const ages = entries.map(({ insertedAt }) => now - insertedAt)
  const ttlMs = limits.coordTtlSecs * 1000
  const total = ages.reduce((sum, age) => sum + age, 0)
  return {
    count: entries.length,
    max_entries: limits.coordSize,
    fill_ratio: entries.length / limits.coordSize,
    default_ttl_ms: ttlMs,
    expired: entries.filter(({ lastUsedAt }) => now - lastUsedAt > ttlMs).length,
    avg_age_ms: entries.length === 0 ? 0 : Math.round(total / entries.length),
    entries: entries.map((entry) =>
      defined({
        node_addr: entry.nodeAddr,
        display_name: host.names.displayName(entry.nodeAddr),
        ipv6_addr: ipv6Text(entry.nodeAddr),
        coords: entry.coordinates,
        depth: entry.coordinates.length - 1,
        age_ms: Math.round(now - entry.insertedAt),
        last_used_ms: host.unixMs(entry.lastUsedAt),
        path_mtu: entry.pathMtu,
      }),
    ),
  }
}

export function showIdentityCache(host: ControlHost, limits: CacheConfig): JsonObject {
  const entries = host.views.mesh.identityCache()
  const now = host.now()
  return {
    count: entries.length,
    max_entries: limits.identitySize,
    entries: entries.map(({ nodeAddr, publicKey, lastSeenAt }) => ({
      node_addr: nodeAddr,
      npub: npubOf(publicKey),
      display_name: host.names.displayName(nodeAddr, publicKey),
      ipv6_addr: ipv6Text(nodeAddr),
      last_seen_ms: host.unixMs(lastSeenAt),
      age_ms: Math.round(now - lastSeenAt),
    })),
  }
}
