/** Link messages in the vectors' notation: which decoder reads each type, and its fields under their recorded names. */
import assert from 'node:assert/strict'
import {
  DISCONNECT_REASONS,
  decodeDisconnect,
  decodeFilterAnnounce,
  decodeLinkReceiverReport,
  decodeLinkSenderReport,
  decodeLookupRequest,
  decodeLookupResponse,
  decodeSessionDatagram,
  decodeTreeAnnounce,
  encodeDisconnect,
  encodeFilterAnnounce,
  encodeHeartbeat,
  encodeLinkReceiverReport,
  encodeLinkSenderReport,
  encodeLookupRequest,
  encodeLookupResponse,
  encodeSessionDatagram,
  encodeTreeAnnounce,
  hex,
  linkMessageName,
  nobleCrypto,
  type BloomFilter,
  type DisconnectReason,
  type LinkMessageName,
  type LookupRequest,
  type LookupResponse,
  type ReceiverReport,
  type Result,
  type SenderReport,
  type SessionDatagram,
  type TreeAnnounce,
} from '../../core/index.ts'

/** What a decoder did with an input, as the vectors record it. */
export type Outcome =
  | { readonly result: 'accept'; readonly kind: string; readonly decoded: object }
  | { readonly result: 'reject' }
  | { readonly result: 'ignore' }

/** Names of link messages as the vectors spell them. */
export const KIND_OF_NAME: Readonly<Record<LinkMessageName, string>> = {
  'session-datagram': 'SessionDatagram',
  'sender-report': 'SenderReport',
  'receiver-report': 'ReceiverReport',
  'tree-announce': 'TreeAnnounce',
  'filter-announce': 'FilterAnnounce',
  'lookup-request': 'LookupRequest',
  'lookup-response': 'LookupResponse',
  disconnect: 'Disconnect',
  heartbeat: 'Heartbeat',
}

const REASON_NAMES: Readonly<Record<DisconnectReason, string>> = {
  shutdown: 'Shutdown',
  restart: 'Restart',
  'protocol-error': 'ProtocolError',
  'transport-failure': 'TransportFailure',
  'resource-exhaustion': 'ResourceExhaustion',
  'security-violation': 'SecurityViolation',
  'configuration-change': 'ConfigurationChange',
  timeout: 'Timeout',
  other: 'Other',
}

/** Decodes a link message by its type byte. */
export function decodeLinkMessage(message: Uint8Array): Outcome {
  const name = linkMessageName(message[0] ?? -1)
  if (name === undefined) return { result: 'ignore' }
  return decodeNamed(name, message)
}

/** Decodes `message` as the kind called `name`. */
export function decodeNamed(name: LinkMessageName, message: Uint8Array): Outcome {
  const kind = KIND_OF_NAME[name]
  switch (name) {
    case 'session-datagram':
      return outcome(kind, decodeSessionDatagram(message), showDatagram)
    case 'sender-report':
      return outcome(kind, decodeLinkSenderReport(message), showSenderReport)
    case 'receiver-report':
      return outcome(kind, decodeLinkReceiverReport(message), showReceiverReport)
    case 'tree-announce':
      return outcome(kind, decodeTreeAnnounce(message), showTreeAnnounce)
    case 'filter-announce':
      return outcome(kind, decodeFilterAnnounce(message), showFilterAnnounce)
    case 'lookup-request':
      return outcome(kind, decodeLookupRequest(message), showLookupRequest)
    case 'lookup-response':
      return outcome(kind, decodeLookupResponse(message), showLookupResponse)
    case 'disconnect':
      return outcome(kind, decodeDisconnect(message), showDisconnect)
    case 'heartbeat':
      return { result: 'accept', kind, decoded: {} }
  }
}

/** Decodes a valid link message and encodes it again. */
export function encodeLinkMessage(message: Uint8Array): Uint8Array {
  const name = linkMessageName(message[0] ?? -1)
  assert.ok(name !== undefined, 'unknown message type')
  switch (name) {
    case 'session-datagram':
      return encodeSessionDatagram(value(decodeSessionDatagram(message)))
    case 'sender-report':
      return encodeLinkSenderReport(value(decodeLinkSenderReport(message)))
    case 'receiver-report':
      return encodeLinkReceiverReport(value(decodeLinkReceiverReport(message)))
    case 'tree-announce':
      return encodeTreeAnnounce(value(decodeTreeAnnounce(message)))
    case 'filter-announce':
      return encodeFilterAnnounce(value(decodeFilterAnnounce(message)))
    case 'lookup-request':
      return encodeLookupRequest(value(decodeLookupRequest(message)))
    case 'lookup-response':
      return encodeLookupResponse(value(decodeLookupResponse(message)))
    case 'disconnect':
      return encodeDisconnect(value(decodeDisconnect(message)))
    case 'heartbeat':
      return encodeHeartbeat()
  }
}

/** The outcome of a decoder whose rejections are all errors. */
export function outcome<T>(kind: string, result: Result<T>, show: (value: T) => object): Outcome {
  return result.ok ? { result: 'accept', kind, decoded: show(result.value) } : { result: 'reject' }
}

export function value<T>(result: Result<T>): T {
  assert.ok(result.ok, result.ok ? '' : result.code)
  return result.value
}

function showDatagram(datagram: SessionDatagram): object {
  return {
    ttl: datagram.ttl,
    path_mtu: datagram.pathMtu,
    src: datagram.source,
    dest: datagram.destination,
    payload: hex(datagram.payload),
  }
}

export function showSenderReport(report: SenderReport): object {
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

export function showReceiverReport(report: ReceiverReport): object {
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

function showTreeAnnounce({ declaration, ancestry, signature }: TreeAnnounce): object {
  return {
    node: declaration.node,
    parent: declaration.parent,
    sequence: String(declaration.sequence),
    timestamp: String(declaration.timestamp),
    depth: ancestry.length - 1,
    root: ancestry.at(-1)?.node,
    ancestry: ancestry.map((entry) => ({
      node_addr: entry.node,
      sequence: String(entry.sequence),
      timestamp: String(entry.timestamp),
    })),
    signature: hex(signature),
  }
}

/** The only size class there is. */
const SIZE_CLASS = 1

function showFilterAnnounce(announce: { readonly sequence: bigint; readonly filter: BloomFilter }): object {
  const bytes = announce.filter.bytes()
  return {
    sequence: String(announce.sequence),
    hash_count: announce.filter.hashCount,
    size_class: SIZE_CLASS,
    filter_bytes: bytes.length,
    set_bits: announce.filter.setBits(),
    filter_sha256: hex(nobleCrypto.sha256(bytes)),
  }
}

function showLookupRequest(request: LookupRequest): object {
  return {
    request_id: String(request.requestId),
    target: request.target,
    origin: request.origin,
    ttl: request.ttl,
    min_mtu: request.minMtu,
    origin_coords: request.originCoordinates,
  }
}

function showLookupResponse(response: LookupResponse): object {
  return {
    request_id: String(response.requestId),
    target: response.target,
    path_mtu: response.pathMtu,
    target_coords: response.targetCoordinates,
    proof: hex(response.proof),
  }
}

function showDisconnect(reason: DisconnectReason): object {
  return { reason: DISCONNECT_REASONS[reason], reason_name: REASON_NAMES[reason] }
}
