/** Nodes that never spoke send to each other: does the first lookup find the way, and how long is it? */
import { randomBelow, treeDistance, type Coordinates, type Millis } from '../../core/index.ts'
import type { TestNode } from '../support/mesh.ts'
import { SECOND, type Probe, type SimNetwork } from './network.ts'
import { hopsFrom } from './topology.ts'

/** Every node is asked for once in this time: an origin's requests for one target are forwarded once in two seconds. */
export const ROUND: Millis = 3 * SECOND
const LAST_ARRIVAL: Millis = 10 * SECOND

export interface PairFigures {
  readonly arrived: number
  /** Share that arrived after no more than one lookup request. */
  readonly byFirstLookup: number
  /** Links passed by the links of the shortest way, on average. */
  readonly stretch: number
}

/**
 * `count` pairs, none twice nor the other way round, with no more than `within` links between them along the tree. A pair
 * hangs up when its datagram has arrived: it is the way there that is asked about, and sessions that nobody uses report to
 * each other for minutes, which is most of what a simulation would do.
 */
export function firstContacts(network: SimNetwork, count: number, within: number = Infinity): PairFigures {
  const { mesh, nodes } = network
  const probes: Probe[] = []
  const talking = new Set<Probe>()
  const hangUp = (): void => {
    for (const probe of talking) {
      if (probe.arrivedAt === undefined) continue
      network.hangUp(probe)
      talking.delete(probe)
    }
  }
  for (const [from, to] of pairs(network, within)) {
    const probe = network.probe(from, to)
    probes.push(probe)
    talking.add(probe)
    mesh.run(ROUND / nodes.length)
    hangUp()
    if (probes.length === count) break
  }
  network.until(() => probes.every(({ arrivedAt }) => arrivedAt !== undefined), LAST_ARRIVAL)
  const arrived = probes.filter(({ arrivedAt }) => arrivedAt !== undefined)
  const first = arrived.filter(({ requests }) => requests <= 1)
  return {
    arrived: arrived.length / probes.length,
    byFirstLookup: first.length / probes.length,
    stretch: meanStretch(network, arrived),
  }
}

/** Round by round every node is the one to be found, by whoever is next in range a random number of places farther on. */
function* pairs(network: SimNetwork, within: number): Generator<readonly [from: TestNode, to: TestNode]> {
  const { nodes } = network
  const order = shuffled(network, nodes)
  const known = new Set<number>()
  const shifts = Array.from({ length: Math.floor((nodes.length - 1) / 2) }, (_, i) => i + 1)
  for (const shift of shuffled(network, shifts)) {
    for (const [i, to] of order.entries()) {
      for (let j = i + shift; j < i + order.length; j++) {
        const k = j % order.length
        const from = order[k]!
        const pair = Math.min(i, k) * order.length + Math.max(i, k)
        if (known.has(pair) || treeDistance(positionOf(from), positionOf(to)) > within) continue
        known.add(pair)
        yield [from, to]
        break
      }
    }
  }
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
