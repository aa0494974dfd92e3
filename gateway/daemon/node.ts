/** The node of a daemon: link half and mesh half composed. */
import { FipsNode, Mesh, type Identity, type Millis, type NodeConfig, type Rng } from '../../core/index.ts'

export interface NodeParts {
  readonly identity: Identity
  readonly rng: Rng
  readonly config: NodeConfig
  readonly now: Millis
}

export function createNode(parts: NodeParts): FipsNode {
  return new FipsNode({ ...parts, mesh: (deps) => new Mesh(deps) })
}
