/** `show_links` and `show_connections`: links, and handshakes on their way to one. */
import type { ConnectionView } from '../../../core/index.ts'
import type { ControlHost } from '../host.ts'
import { defined, type JsonObject } from '../json.ts'
import { trafficJson } from './peers.ts'

export function showLinks(host: ControlHost): JsonObject {
  return {
    links: host.views.links().map((link) => ({
      link_id: link.linkId,
      transport_id: link.transportId,
      remote_addr: link.remoteAddr,
      direction: link.direction,
      state: link.state,
      created_at_ms: host.unixMs(link.createdAt),
      stats: {
        ...trafficJson(link.stats),
        last_recv_ms: link.lastReceivedAt === undefined ? 0 : host.unixMs(link.lastReceivedAt),
      },
    })),
  }
}

const HANDSHAKE_STATES: Readonly<Record<ConnectionView['state'], string>> = {
  'sent-msg1': 'sent_msg1',
  'sent-msg2': 'sent_msg2',
}

export function showConnections(host: ControlHost): JsonObject {
  return {
    connections: host.views.connections().map((connection) =>
      defined({
        link_id: connection.linkId,
        direction: connection.direction,
        handshake_state: HANDSHAKE_STATES[connection.state],
        started_at_ms: host.unixMs(connection.startedAt),
        idle_ms: Math.round(host.now() - connection.startedAt),
        resend_count: connection.resendCount,
        expected_peer: host.names.displayName(connection.peer),
        node_addr: connection.peer,
        remote_addr: connection.remoteAddr,
        transport_id: connection.transportId,
      }),
    ),
  }
}
