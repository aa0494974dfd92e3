/** Nodes that never spoke send to each other: does the first lookup find the way, and how long is it? */
import { randomBelow, treeDistance, type Coordinates, type Millis } from '../../core/index.ts'
import type { TestNode } from '../support/mesh.ts'
import { SECOND, type Probe, type SimNetwork } from './network.ts'
import { hopsFrom } from './topology.ts'

/** Between two probes at least; what a node on the way does for one of them is long done when the next one for the same node comes. */
export const PROBE_EVERY: Millis = 10
/** Least time between two probes of one node: an origin's requests for one target are forwarded once in two seconds. */
export const ROUND: Millis = 3 * SECOND
/**
 * A pair hangs up so long after its datagram arrived: it is the way there that is asked about, and sessions that nobody uses
 * report to each other for minutes, which is most of what a simulation would do.
 */
export const HANG_UP_AFTER: Millis = SECOND
const LAST_ARRIVAL: Millis = 10 * SECOND

export interface PairFigures {
  readonly arrived: number
  /** Share that arrived after no more than one lookup request. */
  readonly byFirstLookup: number
  /** Links passed by the links of the shortest way, on average. */
  readonly stretch: number
}

/** `count` pairs, none twice nor the other way round, with no more than `within` links between them along the tree. */
export function firstContacts(network: SimNetwork, count: number, within: number = Infinity): PairFigures {
  const { mesh, nodes } = network
  const order = shuffled(network, nodes)
  const every = Math.max(PROBE_EVERY, ROUND / nodes.length)
  const probes: Probe[] = []
  let talking: readonly Probe[] = []
  const shifts = Array.from({ length: Math.floor((nodes.length - 1) / 2) }, (_, i) => i + 1)
  for (const shift of shuffled(network, shifts)) {
    for (const [i, to] of order.entries()) {
      if (probes.length === count) break
      const from = order[(i + shift) % order.length]!
      if (treeDistance(positionOf(from), positionOf(to)) > within) continue
      const probe = network.probe(from, to)
      probes.push(probe)
      mesh.run(every)
      talking = hangUp(network, [...talking, probe])
    }
  }
  mesh.run(LAST_ARRIVAL)
  const arrived = probes.filter(({ arrivedAt }) => arrivedAt !== undefined)
  const first = arrived.filter(({ requests }) => requests <= 1)
  return {
    arrived: arrived.length / probes.length,
    byFirstLookup: first.length / probes.length,
    stretch: meanStretch(network, arrived),
  }
}

/** Returns those that talk on. */
function hangUp(network: SimNetwork, talking: readonly Probe[]): readonly Probe[] {
  const isDone = ({ arrivedAt }: Probe): boolean =>
    arrivedAt !== undefined && arrivedAt + HANG_UP_AFTER <= network.mesh.now
  for (const probe of talking) if (isDone(probe)) network.hangUp(probe)
  return talking.filter((probe) => !isDone(probe))
}

function positionOf({ node }: TestNode): Coordinates {
  return node.views.tree().coordinates
}

function meanStretch({ nodes, graph }: SimNetwork, probes: readonly Probe[]): number {
  const numberOf = new Map(nodes.map((node, i) => [node, i]))
  const shortest = new Map<number, ReadonlyMap<number, number>>()
  let sum = 0
  for (const { from, to, links } of probes) {
    const start = numberOf.get(from)!
    let hops = shortest.get(start)
    if (hops === undefined) shortest.set(start, (hops = hopsFrom(start, graph)))
    sum += (links ?? 0) / hops.get(numberOf.get(to)!)!
  }
  return sum / probes.length
}

function shuffled<T>({ rng }: SimNetwork, items: Iterable<T>): readonly T[] {
  const order = [...items]
  for (let i = order.length - 1; i > 0; i--) {
    const j = randomBelow(rng, i + 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}
