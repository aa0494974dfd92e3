/** The catalogue of the control socket: which command is answered by what. */
import type { CacheConfig, Millis } from '../../core/index.ts'
import {
  MAX_PING_TIMEOUT,
  connect,
  disconnect,
  ping,
  probeCancel,
  probePoll,
  probeStart,
} from './commands.ts'
import { ControlError, type ControlHost } from './host.ts'
import type { JsonObject } from './json.ts'
import type { Params } from './params.ts'
import { showAcl } from './queries/acl.ts'
import { showBloom } from './queries/bloom.ts'
import { showCache, showIdentityCache } from './queries/cache.ts'
import { showConnections, showLinks } from './queries/links.ts'
import { showListeningSockets } from './queries/listening-sockets.ts'
import { showMetrics, showNativeFlows } from './queries/metrics.ts'
import { showMmp } from './queries/mmp.ts'
import { showPeers } from './queries/peers.ts'
import { showRouting } from './queries/routing.ts'
import { showSessions } from './queries/sessions.ts'
import {
  showStatsAllHistory,
  showStatsHistory,
  showStatsHistoryAllPeers,
  showStatsList,
  showStatsPeers,
} from './queries/stats.ts'
import { showStatus } from './queries/status.ts'
import { showTransports } from './queries/transports.ts'
import { showTree } from './queries/tree.ts'

export interface Dispatch {
  /** Answers one request; rejects with a ControlError whose message is the error reply. */
  answer(command: string, params: Params | undefined): Promise<JsonObject>
  /** How long the answer may take. */
  patience(command: string): Millis
}

/** For every command that does not wait for the mesh. */
export const ANSWER_TIMEOUT: Millis = 5000
/** After the last moment at which a ping gives up by itself. */
const PING_PATIENCE: Millis = MAX_PING_TIMEOUT + ANSWER_TIMEOUT

type Handler = (host: ControlHost, params: Params | undefined) => JsonObject | Promise<JsonObject>

export function createDispatch(host: ControlHost, cache: CacheConfig): Dispatch {
  const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
    ['show_status', showStatus],
    ['show_acl', showAcl],
    ['show_peers', showPeers],
    ['show_links', showLinks],
    ['show_tree', showTree],
    ['show_sessions', showSessions],
    ['show_bloom', showBloom],
    ['show_mmp', showMmp],
    ['show_cache', (from) => showCache(from, cache)],
    ['show_connections', showConnections],
    ['show_transports', showTransports],
    ['show_routing', showRouting],
    ['show_identity_cache', (from) => showIdentityCache(from, cache)],
    ['show_native_flows', showNativeFlows],
    ['show_listening_sockets', showListeningSockets],
    ['show_metrics', showMetrics],
    ['show_stats_list', showStatsList],
    ['show_stats_history', showStatsHistory],
    ['show_stats_all_history', showStatsAllHistory],
    ['show_stats_peers', showStatsPeers],
    ['show_stats_history_all_peers', showStatsHistoryAllPeers],
    ['connect', connect],
    ['disconnect', disconnect],
    ['probe_start', probeStart],
    ['probe_poll', probePoll],
    ['probe_cancel', probeCancel],
    ['ping', ping],
  ])
  return {
    async answer(command, params) {
      const handler = handlers.get(command)
      if (handler === undefined) throw new ControlError(`unknown command: ${command}`)
      return handler(host, params)
    },
    patience: (command) => (command === 'ping' ? PING_PATIENCE : ANSWER_TIMEOUT),
  }
}
