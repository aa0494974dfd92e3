/** Three nodes in a line, whose keys make one end the root: ours at the root, in transit, or at the leaf between Rust nodes. */
import { scratch, type Teardown } from '../support/live-node.ts'
import { type Edge } from './graph.ts'
import { LiveMesh, rootIndex, type Make, type MeshKind } from './live-mesh.ts'
import { answered, cutOff, firstAnswers, longest, outage, pause, ping, type Pairs } from './measure.ts'

export const PLACES = ['root', 'transit', 'leaf'] as const
export type Place = (typeof PLACES)[number]

const NODES = 3
/** Every node pings every other one. */
export const PLACE_PAIRS: number = NODES * (NODES - 1)
const CONVERGE_WITHIN_MS = 20_000
/** Sessions stand and are used, reports have come. */
const UNDER_PINGS_MS = 3000

/** Nodes that are killed and started again, and links that are cut for a while and joined again. */
export const SHOCKS = ['root', 'transit', 'leaf', 'root-link', 'leaf-link'] as const
export type Shock = (typeof SHOCKS)[number]

interface LineOptions {
  readonly kind: MeshKind
  /** Where ours is in the mixed line. */
  readonly place: Place
  /** Of the link to the root, and of that to the leaf. */
  readonly transports: readonly [Edge['kind'], Edge['kind']]
  readonly loss: number
  readonly label: string
}

interface Line {
  readonly mesh: LiveMesh
  readonly at: Readonly<Record<Place, number>>
  readonly pairs: Pairs
}

/** Ordered pairs that answer. */
export async function placeTrial(
  t: Teardown,
  { kind, place, transport, loss }: PlaceOptions,
): Promise<number> {
  const transports = [transport, transport] as const
  const line = await startLine(t, { kind, place, transports, loss, label: `${kind[0]}${place}${loss * 100}` })
  return answered(await firstAnswers(line.pairs))
}

export interface PlaceOptions extends Pick<LineOptions, 'kind' | 'place' | 'loss'> {
  readonly transport: Edge['kind']
}

/**
 * A line under pings between all pairs, shaken once: seconds from when the node runs again, or the link is joined again, until
 * every pair has answered; undefined when that takes longer than `withinS`.
 */
export async function shockTrial(
  t: Teardown,
  { kind, place, shock, withinS }: Pick<LineOptions, 'kind' | 'place'> & { shock: Shock; withinS: number },
): Promise<number | undefined> {
  const label = `${kind[0]}${place[0]}${shock}`
  const { mesh, at, pairs } = await startLine(t, { kind, place, transports: ['udp', 'tcp'], loss: 0, label })
  if (answered(await firstAnswers(pairs)) < PLACE_PAIRS) return undefined
  let isOver = false
  const pinging = ping(pairs, () => isOver)
  await pause(UNDER_PINGS_MS)
  if (shock === 'root-link') await cutOff(mesh, mesh.joints[0]!)
  else if (shock === 'leaf-link') await cutOff(mesh, mesh.joints[1]!)
  else await outage(mesh, mesh.members[at[shock]]!)
  const answers = await firstAnswers(pairs, withinS)
  isOver = true
  await pinging
  return longest(answers)
}

async function startLine(t: Teardown, { kind, place, transports, loss, label }: LineOptions): Promise<Line> {
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
      { from: at.transit, to: at.root, kind: transports[0] },
      { from: at.leaf, to: at.transit, kind: transports[1] },
    ],
    loss,
    folder: scratch(t),
    label,
  })
  await mesh.converged(CONVERGE_WITHIN_MS)
  const { members } = mesh
  const pairs = members.flatMap((from) =>
    members.filter((to) => to !== from).map((to) => [from, to] as const),
  )
  return { mesh, at, pairs }
}
