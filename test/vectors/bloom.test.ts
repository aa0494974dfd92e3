/** Filters: positions, estimates, merging, what is announced to whom, and the announces themselves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BloomFilter,
  decodeFilterAnnounce,
  DEFAULT_NODE_CONFIG,
  encodeFilterAnnounce,
  FILTER_BITS,
  FILTER_BYTES,
  FILTER_HASHES,
  FILTER_SIZE_CLASS,
  FilterKey,
  FilterState,
  hex,
  MAX_FALSE_POSITIVE_RATE,
  nobleCrypto,
  type NodeAddr,
  nodeAddrToBytes,
  outgoingFilter,
} from '../../core/index.ts'
import { linkTimerTable } from '../../core/peer/index.ts'
import { TokenBucket } from '../../core/token-bucket.ts'
import { assertClose, bytesOf, checkEach, loadVectors, testGroup, testNamesAreKnown } from './load.ts'
import { vectorNode, vectorNodes } from './nodes.ts'

const vectors = loadVectors('bloom.json')

testNamesAreKnown(vectors, [
  'parameters',
  'addresses',
  'filters',
  'by_set_bits',
  'merge',
  'merge_mismatch',
  'outgoing',
  'debounce',
])

interface Stats {
  readonly set_bits: number
  readonly fill_ratio: number
  readonly fpr: number
  readonly estimated_count_uncapped: number | null
  readonly accepted_inbound_cap_0_20: boolean
  readonly sha256: string
}

function assertStats(filter: BloomFilter, stats: Stats): void {
  assert.equal(hex(nobleCrypto.sha256(filter.bytes())), stats.sha256)
  assert.equal(filter.setBits(), stats.set_bits)
  assertClose(filter.fill(), stats.fill_ratio, 'fill')
  assertClose(filter.falsePositiveRate(), stats.fpr, 'false-positive rate')
  const count = filter.estimatedCount()
  assert.equal(count === undefined, stats.estimated_count_uncapped === null)
  if (count !== undefined) assertClose(count, stats.estimated_count_uncapped!, 'estimated count')
  assert.equal(filter.falsePositiveRate() <= MAX_FALSE_POSITIVE_RATE, stats.accepted_inbound_cap_0_20)
}

test('bloom.json: parameters', () => {
  assert.deepEqual(vectors.value('parameters'), {
    bits: FILTER_BITS,
    bytes: FILTER_BYTES,
    hashes: FILTER_HASHES,
    size_class: FILTER_SIZE_CLASS,
  })
})

interface AddressVector {
  readonly address: NodeAddr
  readonly h1: string
  readonly h2: string
  readonly bits: readonly number[]
  readonly set_bits: number
  readonly filter_sha256: string
}

testGroup<AddressVector>(vectors, 'addresses', (vector) => {
  const hash = new DataView(nobleCrypto.sha256(nodeAddrToBytes(vector.address)).buffer)
  assert.equal(String(hash.getBigUint64(0, true)), vector.h1)
  assert.equal(String(hash.getBigUint64(8, true)), vector.h2)
  const key = new FilterKey(vector.address)
  assert.deepEqual(
    vector.bits.map((_, index) => key.position(index)),
    vector.bits,
  )
  const filter = BloomFilter.of([vector.address])
  assert.equal(filter.setBits(), vector.set_bits)
  assert.equal(hex(nobleCrypto.sha256(filter.bytes())), vector.filter_sha256)
  assert.ok(filter.has(vector.address))
})

interface FilterVector {
  readonly first: number
  readonly count: number
  readonly stats: Stats
  readonly filter?: string
  readonly announce_sequence?: string
  readonly announce_message_sha256?: string
  readonly announce_message_first_16_bytes?: string
}

testGroup<FilterVector>(vectors, 'filters', (vector) => {
  const filter = BloomFilter.of(vectorNodes(vector.first, vector.count))
  assertStats(filter, vector.stats)
  if (vector.filter !== undefined) assert.equal(hex(filter.bytes()), vector.filter)
  if (vector.announce_sequence === undefined) return
  const sequence = BigInt(vector.announce_sequence)
  const message = encodeFilterAnnounce({ sequence, filter })
  assert.equal(hex(nobleCrypto.sha256(message)), vector.announce_message_sha256)
  assert.equal(hex(message.subarray(0, 16)), vector.announce_message_first_16_bytes)
  const decoded = decodeFilterAnnounce(message)
  assert.ok(decoded.ok && decoded.value.sequence === sequence && decoded.value.filter.equals(filter))
})

testGroup<{ readonly set_bits: number; readonly stats: Stats }>(vectors, 'by_set_bits', (vector) => {
  const bits = new Uint8Array(FILTER_BYTES)
  for (let bit = 0; bit < vector.set_bits; bit++) bits[bit >> 3]! |= 1 << (bit & 7)
  assertStats(BloomFilter.fromBytes(bits), vector.stats)
})

interface Range {
  readonly first: number
  readonly count: number
}

testGroup<{ readonly a: Range; readonly b: Range; readonly result: Stats }>(vectors, 'merge', (vector) => {
  const a = BloomFilter.of(vectorNodes(vector.a.first, vector.a.count))
  const b = BloomFilter.of(vectorNodes(vector.b.first, vector.b.count))
  const merged = BloomFilter.fromBytes(a.bytes(), a.hashCount)
  merged.merge(b)
  assertStats(merged, vector.result)
  b.merge(a)
  assert.ok(b.equals(merged))
})

test('bloom.json: merge_mismatch', () => {
  // Wire version 0 has one size: a filter of another one cannot even be made.
  const { accepted } = vectors.value<{ readonly accepted: boolean }>('merge_mismatch')
  let made = true
  try {
    BloomFilter.fromBytes(new Uint8Array(FILTER_BYTES / 2))
  } catch {
    made = false
  }
  assert.equal(made, accepted)
})

interface OutgoingVector {
  readonly self: NodeAddr
  readonly leaf_dependents: readonly NodeAddr[]
  readonly tree_peers_inbound: readonly {
    readonly peer: NodeAddr
    readonly first_node: number
    readonly count: number
  }[]
  readonly outgoing: readonly { readonly to_peer: NodeAddr; readonly stats: Stats }[]
}

test('bloom.json: outgoing', () => {
  const vector = vectors.value<OutgoingVector>('outgoing')
  const contributions = vector.tree_peers_inbound.map(({ peer, first_node, count }) => ({
    peer,
    filter: BloomFilter.of(vectorNodes(first_node, count)),
  }))
  assert.ok(vector.outgoing.length > 0)
  for (const { to_peer, stats } of vector.outgoing) {
    const { filter } = outgoingFilter([vector.self, ...vector.leaf_dependents], contributions, to_peer)
    assertStats(filter, stats)
  }
})

test('bloom.json: debounce', () => {
  const { stock } = linkTimerTable(DEFAULT_NODE_CONFIG)
  const pacing = new TokenBucket(stock.filterBurst, 1000 / stock.filterIntervalMs)
  let isPending = false
  checkEach(
    vectors.group<{ readonly event: string; readonly now_ms: string; readonly should_send: boolean }>(
      'debounce',
    ),
    (vector) => {
      const now = Number(vector.now_ms)
      if (/mark/.test(vector.event)) isPending = true
      if (/just sent/.test(vector.event)) {
        assert.ok(pacing.take(now))
        isPending = false
      }
      assert.equal(isPending && pacing.readyAt(now) <= now, vector.should_send)
    },
  )
})

interface NodeLevelVector {
  readonly step: string
  readonly from_peer: boolean
  readonly sequence: string
  readonly hash_count: number
  readonly set_bits: number
  readonly result: string
  readonly stored_sequence_after: string
}

test('node-level.json: filter_announce', () => {
  const peer = vectorNode(1)
  const state = new FilterState(vectorNode(0))
  const results: Readonly<Record<string, string>> = {
    stale: 'stale',
    accepted: 'accepted',
    above_cap: 'above-cap',
  }
  checkEach(loadVectors('node-level.json').group<NodeLevelVector>('filter_announce'), (vector) => {
    // Who is a peer is for the node to know; the filter table is asked only for peers.
    if (!vector.from_peer) return
    const bits = new Uint8Array(FILTER_BYTES)
    for (let bit = 0; bit < vector.set_bits; bit++) bits[bit >> 3]! |= 1 << (bit & 7)
    const filter = BloomFilter.fromBytes(bits, vector.hash_count)
    const verdict = state.receive(peer, { sequence: BigInt(vector.sequence), filter })
    assert.ok(vector.result in results, `unknown result ${vector.result}`)
    assert.equal(verdict, results[vector.result])
    assert.equal(String(state.sequenceOf(peer)), vector.stored_sequence_after)
  })
})

test('a filter of the vectors survives being read back', () => {
  const given = vectors.group<FilterVector>('filters').filter((vector) => vector.filter !== undefined)
  for (const vector of given) {
    assert.equal(hex(BloomFilter.fromBytes(bytesOf(vector.filter!)).bytes()), vector.filter)
  }
})
