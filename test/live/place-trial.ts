/** Three nodes in a line, whose keys make one end the root: ours at the root, in transit, or at the leaf between Rust nodes. */
import { scratch, type Teardown } from '../support/live-node.ts'
import { type Edge } from './graph.ts'
import { LiveMesh, rootIndex, type Make, type MeshKind } from './live-mesh.ts'
import { answered, firstAnswers } from './measure.ts'

export const PLACES = ['root', 'transit', 'leaf'] as const
export type Place = (typeof PLACES)[number]

const NODES = 3
/** Every node pings every other one. */
export const PLACE_PAIRS: number = NODES * (NODES - 1)
const CONVERGE_WITHIN_MS = 20_000

export interface PlaceOptions {
  readonly kind: MeshKind
  /** Where ours is in the mixed line. */
  readonly place: Place
  readonly transport: Edge['kind']
  readonly loss: number
}

/** Ordered pairs that answer. */
export async function placeTrial(
  t: Teardown,
  { kind, place, transport, loss }: PlaceOptions,
): Promise<number> {
  const root = rootIndex(NODES)
  const [transit, leaf] = [0, 1, 2].filter((index) => index !== root)
  const at = { root, transit: transit!, leaf: leaf! }
  const makes = Array.from({ length: NODES }, (_, index): Make => {
    if (kind !== 'mixed') return kind
    return index === at[place] ? 'ours' : 'rust'
  })
  const mesh = await LiveMesh.start(t, {
    kind,
    makes,
    nodes: NODES,
    edges: [
      { from: at.transit, to: at.root, kind: transport },
      { from: at.leaf, to: at.transit, kind: transport },
    ],
    loss,
    folder: scratch(t),
    label: `${kind[0]}${place}${loss * 100}`,
  })
  await mesh.converged(CONVERGE_WITHIN_MS)
  const { members } = mesh
  const pairs = members.flatMap((from) =>
    members.filter((to) => to !== from).map((to) => [from, to] as const),
  )
  return answered(await firstAnswers(pairs))
}
