/** Routing: distances, next hops, what changes on the way, and the pacing of error signals. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BloomFilter,
  canTravel,
  chooseRoute,
  classifyRoute,
  commonAncestor,
  commonDepth,
  CoordinateCache,
  type Coordinates,
  errorLimiter,
  hasAncestor,
  headerAfterHop,
  type Hop,
  type NodeAddr,
  treeDistance,
} from '../../core/index.ts'
import { differencesIn } from './differences.ts'
import { assertClose, bytesOf, checkEach, loadVectors, testGroup, testNamesAreKnown } from './load.ts'
import { vectorNode } from './nodes.ts'

const vectors = loadVectors('routing.json')

testNamesAreKnown(vectors, [
  'distances',
  'next_hop',
  'transit',
  'error_signals',
  'coord_cache_limit_3_ttl_1000ms',
])

interface DistanceVector {
  readonly a: Coordinates
  readonly b: Coordinates
  readonly distance: number | 'infinity'
  readonly distance_reverse: number | 'infinity'
  readonly lca_depth: number
  readonly lca: NodeAddr | null
  readonly b_node_is_ancestor_of_a: boolean
}

testGroup<DistanceVector>(vectors, 'distances', (vector) => {
  const { a, b } = vector
  assert.equal(treeDistance(a, b), vector.distance === 'infinity' ? Infinity : vector.distance)
  assert.equal(
    treeDistance(b, a),
    vector.distance_reverse === 'infinity' ? Infinity : vector.distance_reverse,
  )
  assert.equal(commonDepth(a, b), vector.lca_depth)
  assert.equal(commonAncestor(a, b) ?? null, vector.lca)
  assert.equal(hasAncestor(a, b[0]!), vector.b_node_is_ancestor_of_a)
})

interface PeerVector {
  readonly addr: NodeAddr
  readonly can_send: boolean
  readonly coords: Coordinates | null
  readonly filter_contains: readonly NodeAddr[] | null
  readonly etx: number | null
  readonly srtt_us: number | string | null
  readonly link_cost: number
}

interface NextHopVector {
  readonly name: string
  readonly self_coords: Coordinates
  readonly peers: readonly PeerVector[]
  readonly dest: NodeAddr
  readonly dest_coords: Coordinates | null
  readonly local_delivery: boolean
  readonly next_hop: NodeAddr | null
  readonly class: string | null
}

const hopDifferences = differencesIn('routing.json', 'next_hop')

testGroup<NextHopVector>(vectors, 'next_hop', (vector) => {
  const route = chooseRoute({
    position: vector.self_coords,
    destination: vector.dest,
    destinationPosition: vector.dest_coords ?? undefined,
    neighbours: vector.peers.map(hopOf),
  })
  assert.equal(route.type === 'local', vector.local_delivery)
  const nextHop = route.type === 'forward' ? route.via.addr : null
  if (hopDifferences.has(vector.name)) {
    assert.notEqual(nextHop, vector.next_hop)
    return
  }
  assert.equal(nextHop, vector.next_hop)
  if (route.type !== 'forward') return
  const routeClass = classifyRoute(
    vector.self_coords,
    vector.dest,
    vector.dest_coords ?? undefined,
    route.via,
  )
  assert.equal(routeClass.replaceAll('-', '_'), vector.class)
})

function hopOf(peer: PeerVector): Hop {
  if (peer.etx !== null && Number(peer.srtt_us) > 0) {
    assertClose(peer.etx * (1 + Number(peer.srtt_us) / 100_000), peer.link_cost, 'link cost')
  }
  return {
    addr: peer.addr,
    coordinates: peer.coords ?? undefined,
    filter: peer.filter_contains === null ? undefined : BloomFilter.of(peer.filter_contains),
    cost: peer.link_cost,
    canSend: peer.can_send,
  }
}

interface TransitVector {
  readonly message: string
  readonly self: NodeAddr
  readonly next_hop_link_mtu: number | null
  readonly outcome: 'forward' | 'drop_ttl' | 'no_route' | 'deliver_local'
  readonly forwarded_message: string | null
}

/** A datagram begins with type 1 | ttl 1 | path mtu LE16 | source 16 | destination 16. */
const HEADER_HEX = 8

testGroup<TransitVector>(vectors, 'transit', (vector) => {
  const message = bytesOf(vector.message)
  const header = { ttl: message[1]!, pathMtu: message[2]! | (message[3]! << 8) }
  const isLocal = vector.message.slice(40, 72) === vector.self
  assert.equal(isLocal, vector.outcome === 'deliver_local')
  if (isLocal) return
  assert.equal(canTravel(header), vector.outcome !== 'drop_ttl')
  if (vector.next_hop_link_mtu === null) return
  const after = headerAfterHop(header, vector.next_hop_link_mtu)
  assert.equal(after === undefined, vector.outcome === 'drop_ttl')
  if (after === undefined) return
  const forwarded = bytesOf(vector.forwarded_message!)
  assert.deepEqual(after, { ttl: forwarded[1]!, pathMtu: forwarded[2]! | (forwarded[3]! << 8) })
  assert.equal(vector.forwarded_message!.slice(HEADER_HEX), vector.message.slice(HEADER_HEX))
})

interface ErrorVector {
  readonly dest: NodeAddr
  readonly now_ms: string
  readonly sent: string | null
}

test('routing.json: error_signals', () => {
  const limiter = errorLimiter()
  checkEach(vectors.group<ErrorVector>('error_signals'), (vector) => {
    assert.equal(limiter.pass(vector.dest, Number(vector.now_ms)), vector.sent !== null)
  })
})

interface CacheVector {
  readonly step: string
  readonly now_ms: string
  readonly present: readonly number[]
}

/** What a step does before it looks: `N at T ms` and `N ... inserted` insert, `N used at T ms` uses. */
function applyStep(cache: CoordinateCache, { step, now_ms }: CacheVector): void {
  const insert = (n: number, now: number): void => {
    assert.ok(cache.insert(vectorNode(n), [vectorNode(n)], { trust: 'proven' }, now))
  }
  for (const [, n, at] of step.matchAll(/(\d+) at (\d+) ms/g)) insert(Number(n), Number(at))
  for (const [, n, at] of step.matchAll(/(\d+) used at (\d+) ms/g)) {
    assert.ok(cache.use(vectorNode(Number(n)), Number(at)))
  }
  const inserted = /^(.*) inserted/.exec(step)?.[1] ?? ''
  for (const [n] of inserted.matchAll(/\d+/g)) insert(Number(n), Number(now_ms))
}

test('routing.json: coord_cache_limit_3_ttl_1000ms', () => {
  const cache = new CoordinateCache({ maxEntries: 3, ttl: 1000 })
  const steps = vectors.group<CacheVector>('coord_cache_limit_3_ttl_1000ms')
  const known = [...new Set(steps.flatMap((step) => step.present))].toSorted((a, b) => a - b)
  checkEach(steps, (vector) => {
    const now = Number(vector.now_ms)
    applyStep(cache, vector)
    assert.deepEqual(
      known.filter((n) => cache.peek(vectorNode(n), now) !== undefined),
      vector.present,
    )
  })
})
