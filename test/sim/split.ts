/** A network falls into two and grows together again. */
import type { Millis } from '../../core/index.ts'
import type { TestNode } from '../support/mesh.ts'
import { MINUTE, SECOND, type Probe, type SimNetwork } from './network.ts'
import { hopsFrom } from './topology.ts'

const SPLIT_FOR: Millis = MINUTE
const HEAL_LIMIT: Millis = 10 * MINUTE
/** After one tree is there again: the filters follow. */
const SETTLE: Millis = 10 * SECOND
const PROBE_EVERY: Millis = 50
const LAST_ARRIVAL: Millis = 10 * SECOND

export interface SplitFigures {
  /** Trees while it was split: two, when each half agrees. */
  readonly trees: number
  /** Seconds from the moment frames pass again until there is one tree; undefined when it took too long. */
  readonly healedAfter: number | undefined
  /** Share of probes between the halves that arrived after that. */
  readonly arrived: number
  /** Of the nodes probed then, those whose position is remembered from before it was healed, and wrong. */
  readonly wrongPositions: number
}

export function splitAndHeal(network: SimNetwork, probeCount: number): SplitFigures {
  const { mesh, nodes } = network
  const half = halfOf(network)
  const rest = nodes.filter((node) => !half.has(node))
  const across = (): Probe => network.probe(pick(network, [...half]), pick(network, rest))
  for (let i = 0; i < probeCount; i++) {
    across()
    mesh.run(PROBE_EVERY)
  }
  network.cut(half, true)
  mesh.run(SPLIT_FOR)
  const trees = network.trees()
  network.cut(half, false)
  const healed = network.until(() => mesh.hasOneRoot(), HEAL_LIMIT)
  const healedAt = mesh.now
  mesh.run(SETTLE)
  const probes: Probe[] = []
  for (let i = 0; i < probeCount; i++) {
    probes.push(across())
    mesh.run(PROBE_EVERY)
  }
  mesh.run(LAST_ARRIVAL)
  return {
    trees,
    healedAfter: healed === undefined ? undefined : healed / SECOND,
    arrived: probes.filter(({ arrivedAt }) => arrivedAt !== undefined).length / probes.length,
    wrongPositions: probes.filter((probe) => isMisremembered(probe, healedAt)).length,
  }
}

/** The source of a probe believes the other end to be where it was before `since`, and is no longer. */
function isMisremembered({ from, to }: Probe, since: Millis): boolean {
  const known = from.node.views.mesh.coordinateCache().find(({ nodeAddr }) => nodeAddr === to.addr)
  if (known === undefined || known.insertedAt >= since) return false
  return known.coordinates.join() !== to.node.views.tree().coordinates.join()
}

/** The nearer half of the nodes, as seen from one, and what hangs on it alone: both parts hang together. */
function halfOf({ nodes, graph }: SimNetwork): ReadonlySet<TestNode> {
  const near = new Set([...hopsFrom(0, graph).keys()].slice(0, nodes.length / 2))
  const apart = graph.map((links, i) => (near.has(i) ? [] : links.filter((other) => !near.has(other))))
  let largest: ReadonlyMap<number, number> = new Map()
  for (const start of graph.keys()) {
    if (near.has(start)) continue
    const part = hopsFrom(start, apart)
    if (part.size > largest.size) largest = part
  }
  return new Set(nodes.filter((_, i) => !largest.has(i)))
}

function pick(network: SimNetwork, nodes: readonly TestNode[]): TestNode {
  let node = network.pick()
  while (!nodes.includes(node)) node = network.pick()
  return node
}
