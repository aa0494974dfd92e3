/** Geometry of the tree: how far apart two positions are along its links. */
import type { Coordinates } from '../coordinates.ts'
import { depthOf } from '../coordinates.ts'
import type { NodeAddr } from '../identity/index.ts'

/** Links between two positions along the tree; Infinity when they are in different trees. */
export function treeDistance(a: Coordinates, b: Coordinates): number {
  const shared = sharedAncestors(a, b)
  return shared === 0 ? Infinity : a.length + b.length - 2 * shared
}

/**
 * As `treeDistance`, by way of any node that is in both: in positions of one moment everything above it is in both as
 * well, and when a part of the tree has moved as a whole, what an older position says of the ways within it still holds.
 */
export function remainingDistance(a: Coordinates, b: Coordinates): number {
  const shared = sharedAncestors(a, b)
  if (shared === 0) return Infinity
  const [belowInA, belowInB] = [a.length - shared, b.length - shared]
  let least = belowInA + belowInB
  for (let i = 0; i < belowInA; i++)
    for (let j = 0; j < belowInB && i + j < least; j++) if (a[i] === b[j]) least = i + j
  return least
}

/** The deepest node both paths run through; undefined in different trees. */
export function commonAncestor(a: Coordinates, b: Coordinates): NodeAddr | undefined {
  const shared = sharedAncestors(a, b)
  return shared === 0 ? undefined : a[a.length - shared]
}

/** Depth of the common ancestor: 0 for the root, and also for different trees. */
export function commonDepth(a: Coordinates, b: Coordinates): number {
  return Math.max(0, sharedAncestors(a, b) - 1)
}

/** Whether `node` lies above the position (the position's own node does not count). */
export function hasAncestor(position: Coordinates, node: NodeAddr): boolean {
  return position.indexOf(node, 1) > 0
}

/** The next node on the way along the tree from one position to another: the parent or a child; undefined at a root or the end. */
export function treeStep(position: Coordinates, destination: Coordinates): NodeAddr | undefined {
  const at = destination.indexOf(position[0]!)
  return at < 0 ? position[1] : destination[at - 1]
}

/** Length of the common tail. */
function sharedAncestors(a: Coordinates, b: Coordinates): number {
  const most = Math.min(depthOf(a), depthOf(b)) + 1
  let shared = 0
  while (shared < most && a[a.length - 1 - shared] === b[b.length - 1 - shared]) shared++
  return shared
}
