/**
 * Where a datagram of others goes next. Its destination's position leads it; but positions grow old, and not everybody
 * on its way remembers the same one. So the filters have to agree, which follow a node that moves within a second or two.
 * Where they do not, or the datagram comes from closer by, they lead it along the tree, on which nothing goes in circles.
 */
import type { Coordinates } from '../coordinates.ts'
import type { NodeAddr } from '../identity/index.ts'
import type { Neighbour } from '../node/layers.ts'
import { chooseBranch, hasAncestor, remainingDistance, treeStep } from '../routing/index.ts'
import type { Millis } from '../time.ts'
import { atHand, routeTo, type MeshContext } from './context.ts'

export interface NextHop {
  /** Undefined when there is none. */
  readonly via: Neighbour | undefined
  /** Nobody before us can have noticed that the position is unknown, old or leads nowhere, so its source should be told. */
  readonly isNews: boolean
  /** By a position that the filters agree with. What follows the filters alone may come back. */
  readonly isLed: boolean
}

export function nextHop(
  context: MeshContext,
  from: NodeAddr,
  destination: NodeAddr,
  position: Coordinates | undefined,
  now: Millis,
): NextHop {
  const { link } = context
  const route = routeTo(context, destination, now, position)
  const isStray = isAstray(context, from, destination, position)
  const led = route.type === 'forward' && route.via.addr !== from ? route.via : undefined
  if (led !== undefined && !isStray && !isDenied(context, destination, position))
    return { via: led, isNews: false, isLed: true }
  // Something newer may replace it.
  context.positions.demote(destination)
  const onward = chooseBranch(destination, link.neighbours(), waysBack(context, from))
  // The way out of a dead end may be the way in. What strays never turns back, nor follows a position once more.
  const via = onward ?? (isStray ? undefined : (chooseBranch(destination, link.neighbours(), []) ?? led))
  return { via, isNews: !isStray || position === undefined || via === undefined, isLed: false }
}

/**
 * Neighbours that lead to where a datagram came from. What came from any node above us does not go up: our path to the
 * root runs through that node, or ran through it when it was last told, while the tree was in a ring for a moment.
 */
function waysBack({ link }: MeshContext, from: NodeAddr): readonly NodeAddr[] {
  const position = link.ownCoordinates()
  const parent = position[1]
  return parent !== undefined && hasAncestor(position, from) ? [from, parent] : [from]
}

/**
 * Whether no position can have led a datagram here, as far as we know: every hop is closer to the destination than the one
 * before.
 */
export function isAstray(
  { link }: MeshContext,
  from: NodeAddr,
  destination: NodeAddr,
  position: Coordinates | undefined,
): boolean {
  if (atHand(link, destination) !== undefined) return false
  const before = link.neighbour(from)?.coordinates
  if (before === undefined || position === undefined) return position === undefined
  return remainingDistance(before, position) <= remainingDistance(link.ownCoordinates(), position)
}

/**
 * Whether the next node on the way along the tree is not there, or does not reach the destination. One that was our child and now
 * hangs elsewhere counts: when a part of the tree moves as a whole, the ways within it stay, and filters need seconds to say so.
 */
export function isDenied(
  { link }: MeshContext,
  destination: NodeAddr,
  position: Coordinates | undefined,
): boolean {
  if (position === undefined || atHand(link, destination) !== undefined) return false
  const step = treeStep(link.ownCoordinates(), position)
  if (step === undefined) return true
  const hop = link.neighbour(step)
  return hop?.canSend !== true || hop.filter?.has(destination) === false
}
