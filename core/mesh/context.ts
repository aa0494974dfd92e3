/** What every part of the mesh half works with. */
import { rootOf, type Coordinates } from '../coordinates.ts'
import type { Identity, NodeAddr } from '../identity/index.ts'
import type { NodeConfig } from '../node/config.ts'
import type { Counters } from '../node/counters.ts'
import type { LinkLayer, Neighbour } from '../node/layers.ts'
import type { Rng } from '../random.ts'
import { chooseBranch, chooseRoute, type CoordinateCache, type Route } from '../routing/index.ts'
import type { Millis } from '../time.ts'
import type { IdentityCache } from './identity-cache.ts'

export interface MeshContext {
  readonly identity: Identity
  readonly rng: Rng
  readonly config: NodeConfig
  readonly counters: Counters
  readonly link: LinkLayer
  readonly positions: CoordinateCache
  readonly identities: IdentityCache
}

/**
 * Where a datagram for `destination` goes next. Asking keeps the destination's position alive; `destinationPosition` is
 * `positionOf` it, for callers that have asked already.
 */
export function routeTo(
  context: MeshContext,
  destination: NodeAddr,
  now: Millis,
  destinationPosition: Coordinates | undefined = positionOf(context, destination, now),
): Route<Neighbour> {
  const { link } = context
  // As `chooseRoute` would, without a look at all the others.
  const direct = atHand(link, destination)
  if (direct !== undefined) return { type: 'forward', via: direct }
  const position = link.ownCoordinates()
  const route = chooseRoute({ position, destination, destinationPosition, neighbours: link.neighbours() })
  if (route.type !== 'dead-end' || destinationPosition === undefined) return route
  if (rootOf(position) === rootOf(destinationPosition)) return route
  // One tree may hang on a node of the other, whose path is too long to tell: only the filters know of it.
  const branch = chooseBranch(destination, link.neighbours(), [])
  return branch === undefined ? route : { type: 'forward', via: branch }
}

/** The neighbour that is the destination, and is heard: nothing else is asked then. */
export function atHand(link: LinkLayer, destination: NodeAddr): Neighbour | undefined {
  const neighbour = link.neighbour(destination)
  return neighbour?.canSend === true && neighbour.isSilent !== true ? neighbour : undefined
}

/** Where a node is, as far as we know; a neighbour's own announce is the best authority on its position. */
export function positionOf(context: MeshContext, addr: NodeAddr, now: Millis): Coordinates | undefined {
  return context.link.neighbour(addr)?.coordinates ?? context.positions.use(addr, now)?.coordinates
}
