/** The node's settings as the core takes them. */
import { nodeConfig, type MmpConfig, type NodeConfig } from '../../core/index.ts'
import type { NodeSettings } from '../config/index.ts'

/** The reference writes "no limit" as 0; tables here always have one. */
const NO_LIMIT_PEERS = 65_536

export function coreConfig(settings: NodeSettings): NodeConfig {
  const { limits, lookup } = settings
  return nodeConfig({
    leafOnly: settings.leafOnly,
    heartbeatIntervalSecs: settings.heartbeatIntervalSecs,
    linkDeadTimeoutSecs: settings.linkDeadTimeoutSecs,
    limits: { ...limits, maxPeers: limits.maxPeers === 0 ? NO_LIMIT_PEERS : limits.maxPeers },
    rateLimit: settings.rateLimit,
    retry: settings.retry,
    cache: settings.cache,
    discovery: lookup,
    tree: settings.tree,
    bloom: settings.bloom,
    ecn: settings.ecn,
    rekey: settings.rekey,
    session: settings.session,
    mmp: reportsOf(settings.mmp),
    sessionMmp: reportsOf(settings.sessionMmp),
  })
}

/** How often the log tells of them is the host's. */
function reportsOf({ mode, owdWindowSize }: MmpConfig): MmpConfig {
  return { mode, owdWindowSize }
}
