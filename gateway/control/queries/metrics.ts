/** `show_metrics`: every counter, by family. */
import type { ControlHost } from '../host.ts'
import { countersJson, type JsonObject } from '../json.ts'

/** `show_native_flows`: there are none. */
export function showNativeFlows(): JsonObject {
  return { flows: [], listeners: [], stats: NATIVE }
}

/** The reference's datagram interface for local programs, which this program does not have. */
const NATIVE: JsonObject = Object.fromEntries(
  [
    'drop_arrival_queue_full',
    'drop_backlog_full',
    'drop_flow_queue_full',
    'drop_listener_gone',
    'drop_listener_not_reading',
    'drop_no_port',
    'drop_oversize',
    'drop_pending_queue_full',
    'drop_too_many_flows',
    'flows_accepted',
    'flows_closed',
    'flows_expired',
    'flows_opened',
    'received_bytes',
    'received_datagrams',
    'sent_bytes',
    'sent_datagrams',
  ].map((name) => [name, 0]),
)

export function showMetrics(host: ControlHost): JsonObject {
  const counters = host.views.counters()
  const lookup = countersJson(counters.discovery)
  return {
    forwarding: countersJson(counters.forwarding),
    discovery: lookup,
    lookup,
    tree: countersJson(counters.tree),
    bloom: countersJson(counters.bloom),
    congestion: countersJson(counters.congestion),
    errors: countersJson(counters.errors),
    native: NATIVE,
    link: countersJson(counters.link),
    handshake: countersJson(counters.handshake),
    session: countersJson(counters.session),
    mmp: countersJson(counters.mmp),
  }
}
