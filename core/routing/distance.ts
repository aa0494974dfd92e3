/** Geometry of the tree: how far apart two positions are along its links. */
import type { Coordinates } from '../coordinates.ts'
import { depthOf, rootOf } from '../coordinates.ts'
import type { NodeAddr } from '../identity/index.ts'

/** Links between two positions along the tree; Infinity when they are in different trees. */
export function treeDistance(a: Coordinates, b: Coordinates): number {
  if (rootOf(a) !== rootOf(b)) return Infinity
  return a.length + b.length - 2 * sharedAncestors(a, b)
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

/** Length of the common tail. */
function sharedAncestors(a: Coordinates, b: Coordinates): number {
  const most = Math.min(depthOf(a), depthOf(b)) + 1
  let shared = 0
  while (shared < most && a[a.length - 1 - shared] === b[b.length - 1 - shared]) shared++
  return shared
}
