/** `show_transports`: the media, with the medium's own counters. */
import type { ConnectionStats } from '../../../transports/index.ts'
import type { ControlHost, TransportFacts } from '../host.ts'
import { defined, type JsonObject } from '../json.ts'

export function showTransports(host: ControlHost): JsonObject {
  return { transports: host.transports().map(transportJson) }
}

function transportJson(transport: TransportFacts): JsonObject {
  const { stats } = transport
  return defined({
    transport_id: transport.id,
    type: transport.kind,
    state: transport.state,
    reason: transport.reason,
    mtu: transport.mtu,
    name: transport.name,
    local_addr: transport.localAddr,
    stats: {
      packets_sent: stats.packetsSent,
      bytes_sent: stats.bytesSent,
      packets_recv: stats.packetsRecv,
      bytes_recv: stats.bytesRecv,
      send_errors: stats.sendErrors,
      recv_errors: stats.recvErrors,
      mtu_exceeded: stats.mtuExceeded,
      kernel_drops: stats.drops['kernel'] ?? 0,
      drops: { ...stats.drops },
      ...(stats.connections === undefined ? {} : connectionsJson(stats.connections)),
    },
    ...transport.detail,
  })
}

function connectionsJson(connections: ConnectionStats): JsonObject {
  return {
    connections_established: connections.established,
    connections_accepted: connections.accepted,
    connections_rejected: connections.rejected,
    connect_timeouts: connections.connectTimeouts,
    connect_refused: connections.connectRefused,
    pool_inbound: connections.inbound,
    pool_outbound: connections.outbound,
  }
}
