/** Whether a position that somebody claims can be one at all. */
import { depthOf, type Coordinates } from '../coordinates.ts'
import type { NodeAddr } from '../identity/index.ts'

/**
 * A position begins with the node it is of and is no deeper than a tree may be. A sender that does not know where its
 * peer is puts its own position in the peer's place: taken for the peer's, it would lead astray.
 */
export function isPositionOf(addr: NodeAddr, coordinates: Coordinates, maxDepth: number): boolean {
  return coordinates[0] === addr && depthOf(coordinates) <= maxDepth
}
