/**
 * Where a datagram goes next. Greedy routing in the tree, with the neighbours' filters as shortcuts: every hop is strictly
 * closer to the destination than the one before, so no packet can circle.
 */
import type { BloomFilter } from '../bloom/index.ts'
import { FilterKey } from '../bloom/index.ts'
import type { Coordinates } from '../coordinates.ts'
import type { NodeAddr } from '../identity/index.ts'
import { hasAncestor, remainingDistance } from './distance.ts'

/** Costs are measured all the time: finer differences than this part of the cheapest link are not worth another way. */
const COST_STEPS = 4

/** What routing looks at in a neighbour. */
export interface Hop {
  readonly addr: NodeAddr
  readonly coordinates: Coordinates | undefined
  readonly filter: BloomFilter | undefined
  /** ETX-and-latency cost of the link, >= 1. */
  readonly cost: number
  readonly canSend: boolean
  /** It should have been heard by now: used where nobody else is. Absent: it is heard. */
  readonly isSilent?: boolean
}

export interface RouteQuestion<H extends Hop> {
  /** Our own position. */
  readonly position: Coordinates
  readonly destination: NodeAddr
  /** Where the destination was last known to be. */
  readonly destinationPosition: Coordinates | undefined
  readonly neighbours: Iterable<H>
}

export type Route<H extends Hop> =
  | { readonly type: 'local' }
  | { readonly type: 'forward'; readonly via: H }
  /** The destination's position is not known: ask for it. */
  | { readonly type: 'unknown-position' }
  /** No neighbour is closer than we are. */
  | { readonly type: 'dead-end' }

/**
 * In this order: ourselves; a neighbour that is the destination; of the neighbours whose filter has the destination the one
 * with the shortest way (then the closest, then the smallest address); the closest neighbour (then the smallest address).
 * Neighbours that fell silent come after all others.
 */
export function chooseRoute<H extends Hop>(question: RouteQuestion<H>): Route<H> {
  const { position, destination, destinationPosition, neighbours } = question
  if (destination === position[0]) return { type: 'local' }
  const ownDistance = destinationPosition === undefined ? 0 : remainingDistance(position, destinationPosition)
  const closer: Ranked<H>[] = []
  const silent: Ranked<H>[] = []
  let silentDestination: H | undefined
  for (const hop of neighbours) {
    if (!hop.canSend) continue
    const isSilent = hop.isSilent === true
    if (hop.addr === destination) {
      if (!isSilent) return { type: 'forward', via: hop }
      silentDestination = hop
    }
    const { coordinates } = hop
    if (destinationPosition === undefined || coordinates === undefined) continue
    const distance = remainingDistance(coordinates, destinationPosition)
    if (distance < ownDistance) (isSilent ? silent : closer).push({ hop, distance })
  }
  const via = bestOf(closer, destination)?.hop ?? silentDestination ?? bestOf(silent, destination)?.hop
  if (via !== undefined) return { type: 'forward', via }
  return { type: destinationPosition === undefined ? 'unknown-position' : 'dead-end' }
}

/** What a way along the tree looks at in a neighbour. */
export interface TreeHop extends Pick<Hop, 'addr' | 'filter' | 'canSend'> {
  /** Parent or child of ours. */
  readonly isTreePeer: boolean
}

/**
 * The way along the tree: to the neighbour that says it reaches the destination, unless it is one of the barred. Of
 * several the one that says so of fewest, for it errs the least.
 */
export function chooseBranch<H extends TreeHop>(
  destination: NodeAddr,
  neighbours: Iterable<H>,
  barred: readonly NodeAddr[],
): H | undefined {
  const key = FilterKey.of(destination)
  let best: H | undefined
  let fewest = Infinity
  for (const hop of neighbours) {
    if (!hop.canSend || !hop.isTreePeer || barred.includes(hop.addr)) continue
    const { filter } = hop
    if (filter?.hasKey(key) !== true) continue
    const setBits = filter.setBits()
    if (setBits < fewest) [best, fewest] = [hop, setBits]
  }
  return best
}

function bestOf<H extends Hop>(hops: readonly Ranked<H>[], destination: NodeAddr): Ranked<H> | undefined {
  // One alone is the best whatever its filter says; hashing for the filters costs more than all the rest.
  if (hops.length <= 1) return hops[0]
  const key = FilterKey.of(destination)
  let hit: Ranked<H> | undefined
  let closest: Ranked<H> | undefined
  for (const ranked of hops) {
    if (closest === undefined || isCloser(ranked, closest)) closest = ranked
    if (ranked.hop.filter?.hasKey(key) === true && (hit === undefined || isShorter(ranked, hit))) hit = ranked
  }
  return hit ?? closest
}

interface Ranked<H extends Hop> {
  readonly hop: H
  readonly distance: number
}

/** By what the whole way costs, as far as it can be known: the link, and at least 1 for each link after it. */
function isShorter(a: Ranked<Hop>, b: Ranked<Hop>): boolean {
  const [costOfA, costOfB] = [wayCost(a), wayCost(b)]
  return costOfA === costOfB ? isCloser(a, b) : costOfA < costOfB
}

function wayCost({ hop, distance }: Ranked<Hop>): number {
  return Math.round(hop.cost * COST_STEPS) / COST_STEPS + distance
}

function isCloser(a: Ranked<Hop>, b: Ranked<Hop>): boolean {
  return a.distance === b.distance ? a.hop.addr < b.hop.addr : a.distance < b.distance
}

/** How a forwarded packet uses the tree, for the statistics. */
export type RouteClass =
  'direct-peer' | 'tree-up' | 'tree-down' | 'tree-down-cross' | 'crosslink-descend' | 'crosslink-ascend'

export function classifyRoute(
  position: Coordinates,
  destination: NodeAddr,
  destinationPosition: Coordinates | undefined,
  via: Pick<Hop, 'addr' | 'coordinates'>,
): RouteClass {
  if (via.addr === destination) return 'direct-peer'
  if (hasAncestor(position, via.addr)) return 'tree-up'
  const below = destinationPosition !== undefined && hasAncestor(destinationPosition, via.addr)
  const isDescendant = via.coordinates !== undefined && hasAncestor(via.coordinates, position[0]!)
  if (isDescendant) return below ? 'tree-down' : 'tree-down-cross'
  return below ? 'crosslink-descend' : 'crosslink-ascend'
}

/** What a node on the way changes in a datagram's header. */
export interface TransitHeader {
  /** Hops it may still travel. */
  readonly ttl: number
  /** Smallest link MTU in bytes met so far. */
  readonly pathMtu: number
}

/**
 * The header as it leaves over a link with `linkMtu`; undefined when it may not leave, because it would have no hop left.
 * Delivery to the addressed node is never limited by the TTL, so ask only for datagrams that are not ours.
 */
export function headerAfterHop(header: TransitHeader, linkMtu: number): TransitHeader | undefined {
  if (!canTravel(header)) return undefined
  return { ttl: header.ttl - 1, pathMtu: Math.min(header.pathMtu, linkMtu) }
}

/** Whether the TTL allows another hop. Cheaper than finding the route, so ask first. */
export function canTravel(header: Pick<TransitHeader, 'ttl'>): boolean {
  return header.ttl > 1
}
