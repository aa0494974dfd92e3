/** What `status`, `peers`, `tree`, `sessions` and `transports` print. */
import type { ReplyData } from '../control/index.ts'
import { bytes, duration, millis, numberOf, percent, recordOf, rowsOf, textOf } from './format.ts'
import { list, table, type Column } from './table.ts'

/** A reply of the daemon as text for people. */
export type Renderer = (data: ReplyData) => string

export const renderStatus: Renderer = (data) => {
  const peerCounts = Object.entries(recordOf(data, 'transport_peer_counts') ?? {})
  const media = peerCounts.map(([kind, count]) => `${kind} ${String(count)}`).join(', ')
  const head = list([
    ['node', textOf(data, 'npub')],
    ['address', textOf(data, 'ipv6_addr')],
    ['identity', textOf(data, 'persistent') === 'true' ? 'kept' : 'new at every start'],
    ['version', textOf(data, 'version')],
    ['up for', duration(numberOf(data, 'uptime_secs'))],
    ['role', role(data)],
    ['peers', `${textOf(data, 'peer_count')}${media === '' ? '' : ` (${media})`}`],
    ['sessions', textOf(data, 'session_count')],
    ['nodes', `about ${textOf(data, 'estimated_mesh_size') || 'unknown'}`],
    ['interface', `${textOf(data, 'tun_name')} ${textOf(data, 'tun_state')}`],
    ['packet size', `${textOf(data, 'effective_ipv6_mtu')} bytes at most on every link`],
    ['forwarding', forwarding(recordOf(data, 'forwarding'))],
  ])
  return head + droppedFrames(recordOf(data, 'dropped_frames'))
}

function role(data: ReplyData): string {
  const leaf = data['is_leaf_only'] === true ? ', leaf only' : ''
  return data['is_root'] === true ? `root of the tree${leaf}` : `below root ${textOf(data, 'root')}${leaf}`
}

function forwarding(counters: ReplyData | undefined): string {
  const of = (name: string): string =>
    `${textOf(counters, `${name}_packets`)} packets ${name} (${bytes(numberOf(counters, `${name}_bytes`))})`
  const lost = numberOf(counters, 'drop_no_route_packets') ?? 0
  return `${of('forwarded')}, ${of('delivered')}${lost === 0 ? '' : `, ${lost} without a route`}`
}

/** One line for each layer that dropped something. */
function droppedFrames(dropped: ReplyData | undefined): string {
  const lines = Object.keys(dropped ?? {}).flatMap((layer) => {
    const reasons = Object.entries(recordOf(dropped, layer) ?? {})
    if (reasons.length === 0) return []
    return [
      [
        layer,
        reasons.map(([reason, count]) => `${reason.replaceAll('_', ' ')} ${String(count)}`).join(', '),
      ] as const,
    ]
  })
  return lines.length === 0 ? '' : `\nframes dropped, by layer and reason:\n${list(lines)}`
}

const PEER_COLUMNS: readonly Column<ReplyData>[] = [
  { title: 'peer', cell: (peer) => textOf(peer, 'display_name') },
  { title: 'medium', cell: (peer) => `${textOf(peer, 'transport_type')} ${textOf(peer, 'transport_addr')}` },
  { title: 'state', cell: (peer) => textOf(peer, 'connectivity') },
  { title: 'tree', cell: treeRole },
  { title: 'rtt', align: 'right', cell: (peer) => millis(numberOf(recordOf(peer, 'mmp'), 'srtt_ms')) },
  { title: 'loss', align: 'right', cell: (peer) => percent(numberOf(recordOf(peer, 'mmp'), 'loss_rate')) },
  { title: 'signal', align: 'right', cell: signal },
  { title: 'sent', align: 'right', cell: (peer) => bytes(numberOf(recordOf(peer, 'stats'), 'bytes_sent')) },
  {
    title: 'received',
    align: 'right',
    cell: (peer) => bytes(numberOf(recordOf(peer, 'stats'), 'bytes_recv')),
  },
  { title: 'npub', cell: (peer) => textOf(peer, 'npub') },
]

export const renderPeers: Renderer = (data) => rowsOrNone(PEER_COLUMNS, rowsOf(data, 'peers'), 'no peers')

function treeRole(peer: ReplyData): string {
  if (peer['is_parent'] === true) return 'parent'
  return peer['is_child'] === true ? 'child' : '-'
}

function signal(peer: ReplyData): string {
  const radio = recordOf(peer, 'radio')
  const rssi = numberOf(radio, 'rssi_dbm')
  const snr = numberOf(radio, 'snr_db')
  if (rssi === undefined) return '-'
  return `${Math.round(rssi)} dBm${snr === undefined ? '' : ` ${snr.toFixed(1)} dB`}`
}

const TREE_COLUMNS: readonly Column<ReplyData>[] = [
  { title: 'peer', cell: (peer) => textOf(peer, 'display_name') },
  { title: 'depth', align: 'right', cell: (peer) => textOf(peer, 'depth') },
  { title: 'hops to us', align: 'right', cell: (peer) => textOf(peer, 'distance_to_us') },
  { title: 'address', cell: (peer) => textOf(peer, 'node_addr') },
  { title: 'root', cell: (peer) => textOf(peer, 'root') },
]

export const renderTree: Renderer = (data) => {
  const isRoot = data['is_root'] === true
  const head = list([
    ['this node', textOf(data, 'my_node_addr')],
    ['root', isRoot ? 'this node' : `${textOf(data, 'root')} ${textOf(data, 'root_npub')}`.trim()],
    ['depth', textOf(data, 'depth')],
    ['parent', isRoot ? undefined : `${textOf(data, 'parent_display_name')} (${textOf(data, 'parent')})`],
  ])
  return `${head}\n${rowsOrNone(TREE_COLUMNS, rowsOf(data, 'peers'), 'no peer has announced its place')}`
}

const SESSION_COLUMNS: readonly Column<ReplyData>[] = [
  { title: 'with', cell: (session) => textOf(session, 'display_name') },
  { title: 'state', cell: (session) => textOf(session, 'state') },
  { title: 'opened by', cell: (session) => (session['is_initiator'] === true ? 'us' : 'them') },
  { title: 'rtt', align: 'right', cell: (session) => millis(numberOf(recordOf(session, 'mmp'), 'srtt_ms')) },
  { title: 'mtu', align: 'right', cell: (session) => textOf(recordOf(session, 'mmp'), 'path_mtu') || '-' },
  {
    title: 'sent',
    align: 'right',
    cell: (session) => bytes(numberOf(recordOf(session, 'stats'), 'bytes_sent')),
  },
  {
    title: 'received',
    align: 'right',
    cell: (session) => bytes(numberOf(recordOf(session, 'stats'), 'bytes_recv')),
  },
  { title: 'npub', cell: (session) => textOf(session, 'npub') },
]

export const renderSessions: Renderer = (data) =>
  rowsOrNone(SESSION_COLUMNS, rowsOf(data, 'sessions'), 'no sessions')

const TRANSPORT_COLUMNS: readonly Column<ReplyData>[] = [
  { title: 'medium', cell: (medium) => [textOf(medium, 'type'), textOf(medium, 'name')].join(' ').trim() },
  { title: 'state', cell: (medium) => textOf(medium, 'state') },
  { title: 'at', cell: (medium) => textOf(medium, 'local_addr') },
  { title: 'mtu', align: 'right', cell: (medium) => textOf(medium, 'mtu') },
  {
    title: 'sent',
    align: 'right',
    cell: (medium) => bytes(numberOf(recordOf(medium, 'stats'), 'bytes_sent')),
  },
  {
    title: 'received',
    align: 'right',
    cell: (medium) => bytes(numberOf(recordOf(medium, 'stats'), 'bytes_recv')),
  },
  { title: 'errors', align: 'right', cell: (medium) => String(errorsOf(recordOf(medium, 'stats'))) },
  { title: 'air', align: 'right', cell: airtime },
  { title: 'hour used', align: 'right', cell: allowance },
  { title: 'note', cell: (medium) => textOf(medium, 'reason') },
]

export const renderTransports: Renderer = (data) =>
  rowsOrNone(TRANSPORT_COLUMNS, rowsOf(data, 'transports'), 'no transports')

function errorsOf(stats: ReplyData | undefined): number {
  const names = ['send_errors', 'recv_errors', 'mtu_exceeded']
  return names.reduce((total, name) => total + (numberOf(stats, name) ?? 0), 0)
}

function airtime(medium: ReplyData): string {
  const air = recordOf(medium, 'airtime')
  return air === undefined ? '-' : millis(numberOf(air, 'sent_ms'))
}

/** How much of what the region allows in an hour is used up. */
function allowance(medium: ReplyData): string {
  const air = recordOf(medium, 'airtime')
  if (numberOf(air, 'duty_cycle') === 1) return 'no limit'
  const [used, allowed] = [numberOf(air, 'used_last_hour_ms'), numberOf(air, 'allowed_per_hour_ms')]
  return used === undefined || allowed === undefined
    ? '-'
    : `${percent(used / allowed)} of ${millis(allowed)}`
}

function rowsOrNone(columns: readonly Column<ReplyData>[], rows: readonly ReplyData[], none: string): string {
  return rows.length === 0 ? `${none}\n` : table(columns, rows)
}
