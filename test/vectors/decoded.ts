/** What our decoders give, in the form in which the vectors write it. */
import type {
  FilterAnnounce,
  LookupRequest,
  LookupResponse,
  ReceiverReport,
  SenderReport,
  TreeAnnounce,
} from '../../core/index.ts'
import { FILTER_SIZE_CLASS, hex, nobleCrypto } from '../../core/index.ts'

export function decodedTreeAnnounce(announce: TreeAnnounce): object {
  const { declaration, ancestry, signature } = announce
  return {
    node: declaration.node,
    parent: declaration.parent,
    sequence: String(declaration.sequence),
    timestamp: String(declaration.timestamp),
    depth: ancestry.length - 1,
    root: ancestry.at(-1)!.node,
    ancestry: ancestry.map(({ node, sequence, timestamp }) => ({
      node_addr: node,
      sequence: String(sequence),
      timestamp: String(timestamp),
    })),
    signature: hex(signature),
  }
}

export function decodedFilterAnnounce(announce: FilterAnnounce): object {
  const { filter } = announce
  const bytes = filter.bytes()
  return {
    sequence: String(announce.sequence),
    hash_count: filter.hashCount,
    size_class: FILTER_SIZE_CLASS,
    filter_bytes: bytes.length,
    set_bits: filter.setBits(),
    filter_sha256: hex(nobleCrypto.sha256(bytes)),
  }
}

export function decodedLookupRequest(request: LookupRequest): object {
  return {
    request_id: String(request.requestId),
    target: request.target,
    origin: request.origin,
    ttl: request.ttl,
    min_mtu: request.minMtu,
    origin_coords: request.originCoordinates,
  }
}

export function decodedLookupResponse(response: LookupResponse): object {
  return {
    request_id: String(response.requestId),
    target: response.target,
    path_mtu: response.pathMtu,
    target_coords: response.targetCoordinates,
    proof: hex(response.proof),
  }
}

export function decodedSenderReport(report: SenderReport): object {
  return {
    interval_start_counter: String(report.intervalStartCounter),
    interval_end_counter: String(report.intervalEndCounter),
    interval_start_timestamp: report.intervalStartTimestamp,
    interval_end_timestamp: report.intervalEndTimestamp,
    interval_bytes_sent: report.intervalBytesSent,
    cumulative_packets_sent: String(report.cumulativePacketsSent),
    cumulative_bytes_sent: String(report.cumulativeBytesSent),
  }
}

export function decodedReceiverReport(report: ReceiverReport): object {
  return {
    highest_counter: String(report.highestCounter),
    cumulative_packets_recv: String(report.cumulativePacketsReceived),
    cumulative_bytes_recv: String(report.cumulativeBytesReceived),
    timestamp_echo: report.timestampEcho,
    dwell_time: report.dwellTime,
    max_burst_loss: report.maxBurstLoss,
    mean_burst_loss: report.meanBurstLoss,
    jitter: report.jitter,
    ecn_ce_count: report.ecnCeCount,
    owd_trend: report.owdTrend,
    burst_loss_count: report.burstLossCount,
    cumulative_reorder_count: report.cumulativeReorderCount,
    interval_packets_recv: report.intervalPacketsReceived,
    interval_bytes_recv: report.intervalBytesReceived,
  }
}
