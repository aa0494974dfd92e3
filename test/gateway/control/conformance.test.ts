/** Replies hold every name of the reference's own replies, with the same type, and of ours only what is listed. */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { isRecord } from '../../../gateway/control/index.ts'
import { startPair, until, type TestDaemon } from '../daemon/pair.ts'

const DATA = new URL('../../../../test/gateway/control/data/', import.meta.url)

/** Names that are there only in some states of a node; checked when present. */
const SOMETIMES: ReadonlySet<string> = new Set([
  'rekey_draining',
  'path_mtu',
  'srtt_ms',
  'smoothed_loss',
  'smoothed_etx',
  'lqi',
  'sqi',
  'rtt_trend',
  'loss_trend',
  'goodput_trend',
  'jitter_trend',
  'rtt_ms',
])
/** Names of ours on top. A client of the reference does not look for them. */
const ADDITIONS: ReadonlySet<string> = new Set([
  'show_status.root_npub',
  // What the reference only logs, in figures.
  'show_status.dropped_frames',
  'show_metrics.link',
  'show_metrics.handshake',
  'show_metrics.session',
  'show_metrics.mmp',
  'show_transports.transports[].stats.drops',
  // Drops that the reference does not have.
  ...['show_metrics.discovery', 'show_metrics.lookup', 'show_routing.discovery', 'show_routing.lookup'].map(
    (group) => `${group}.resp_unsolicited`,
  ),
  ...['show_metrics', 'show_routing', 'show_status'].flatMap((reply) =>
    [
      'drop_repeated_handshakes',
      'drop_crowded_packets',
      'drop_crowded_bytes',
      'drop_copied_packets',
      'drop_copied_bytes',
    ].map((name) => `${reply}.forwarding.${name}`),
  ),
  ...['show_metrics.tree', 'show_metrics.bloom', 'show_metrics.errors'].map((group) => `${group}.flooded`),
  ...['show_tree.stats', 'show_bloom.stats', 'show_routing.error_signals'].map((group) => `${group}.flooded`),
  // A way to the root that is longer than a link can tell of, or than we believe.
  ...['show_metrics.tree', 'show_tree.stats'].flatMap((group) => [`${group}.paths_cut`, `${group}.too_deep`]),
  'show_peers.peers[].path_cut',
  // A filter that would make ours useless is kept from the others.
  'show_bloom.peer_filters[].left_out',
  // Several media side by side, some of them slow.
  'show_peers.peers[].transport_id',
  'show_peers.peers[].profile',
])

/** Replies whose inner names depend on the machine or the moment. */
const KEYED_BY_DATA: ReadonlySet<string> = new Set(['transport_peer_counts'])

let pair: readonly [TestDaemon, TestDaemon]
before(async () => {
  pair = await startPair()
  // Until reports have been exchanged a link has no round trip.
  await until(
    () => pair[1].ask('show_peers'),
    (reply) => JSON.stringify(reply).includes('srtt_ms'),
  )
})
after(async () => {
  await pair[1].stop()
  await pair[0].stop()
})

interface Sample {
  readonly request: { readonly command: string; readonly params?: Readonly<Record<string, unknown>> }
  readonly response: { readonly data: unknown }
}

for (const file of readdirSync(DATA).filter((name) => name.startsWith('show_'))) {
  const sample: Sample = JSON.parse(readFileSync(new URL(file, DATA), 'utf8'))
  const { command, params } = sample.request
  test(`${command} has the names and types of the reference`, async () => {
    const differences: string[] = []
    compare(sample.response.data, await pair[1].ask(command, params), command, differences)
    assert.deepEqual(differences, [])
  })
}

interface RecordedProbe {
  readonly data: unknown
}

test('a probe from start to end has the names and types of the reference', async () => {
  const recorded: Readonly<Record<'probe_start' | 'probe_poll done', RecordedProbe>> = JSON.parse(
    readFileSync(new URL('errors-and-probe.json', DATA), 'utf8'),
  )
  const started = await pair[1].ask('probe_start', { npub: pair[0].npub })
  const done = await until(
    () => pair[1].ask('probe_poll', { probe_id: started['probe_id'] }),
    ({ state }) => state === 'done',
  )
  const differences: string[] = []
  compare(recorded['probe_start'].data, started, 'probe_start', differences)
  compare(recorded['probe_poll done'].data, done, 'probe_poll', differences)
  assert.deepEqual(differences, [])
  await assert.rejects(pair[1].ask('probe_poll', { probe_id: started['probe_id'] }), /unknown probe id/)
})

test('the comparison sees a missing name, a wrong type, a wrong element and a name too many', () => {
  const differences: string[] = []
  compare({ a: 1, b: 'x', c: [{ d: true }] }, { b: 2, c: [{ d: 'yes' }], e: 0 }, 'r', differences)
  assert.deepEqual(differences, [
    'r.a is missing',
    'r.b is a number, not a string',
    'r.c[].d is a string, not a boolean',
    'r.e is not listed as an addition',
  ])
})

function compare(theirs: unknown, ours: unknown, path: string, differences: string[]): void {
  if (theirs === null || ours === null) {
    // What may be null there is null or a number here, and the other way round.
    const other = theirs ?? ours
    if (other !== null && !['number', 'string'].includes(typeof other)) {
      differences.push(`${path} is ${kindOf(ours)}, not ${kindOf(theirs)}`)
    }
    return
  }
  if (kindOf(theirs) !== kindOf(ours)) {
    differences.push(`${path} is a ${kindOf(ours)}, not a ${kindOf(theirs)}`)
    return
  }
  if (Array.isArray(theirs) && Array.isArray(ours)) {
    const example: unknown = theirs[0]
    if (example !== undefined) for (const element of ours) compare(example, element, `${path}[]`, differences)
    return
  }
  if (!isRecord(theirs) || !isRecord(ours) || KEYED_BY_DATA.has(path.slice(path.lastIndexOf('.') + 1))) return
  for (const [name, value] of Object.entries(theirs)) {
    if (name in ours) compare(value, ours[name], `${path}.${name}`, differences)
    else if (!SOMETIMES.has(name)) differences.push(`${path}.${name} is missing`)
  }
  for (const name of Object.keys(ours)) {
    const known = name in theirs || SOMETIMES.has(name) || ADDITIONS.has(`${path}.${name}`)
    if (!known) differences.push(`${path}.${name} is not listed as an addition`)
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}
