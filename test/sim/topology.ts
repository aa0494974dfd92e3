/** Graphs of networks, by seed: which nodes have a link. */
import { randomBelow, randomUnit, type Rng } from '../../core/index.ts'

/** Two node numbers. */
export type Edge = readonly [number, number]

/** Builds the edges of a connected graph of `size` nodes, each edge once. */
export type Topology = (size: number, rng: Rng) => readonly Edge[]

export const TOPOLOGIES = {
  'erdos-renyi': erdosRenyi,
  geometric,
  'scale-free': scaleFree,
  line: (size) => Array.from({ length: size - 1 }, (_, i): Edge => [i, i + 1]),
  ring: (size) => Array.from({ length: size }, (_, i): Edge => [i, (i + 1) % size]),
} as const satisfies Record<string, Topology>

export type TopologyName = keyof typeof TOPOLOGIES

/** Mean number of links of a node. */
const RANDOM_DEGREE = 6
/** Below some five a geometric graph falls apart, and close above it its ways are long. */
const GEOMETRIC_DEGREE = 9
/** Links that a new node brings along; the mean degree is twice as many. */
const SCALE_FREE_LINKS = 3

/** Links between any two nodes, all as likely. */
function erdosRenyi(size: number, rng: Rng): readonly Edge[] {
  const graph = new Graph(size)
  const wanted = Math.min((size * RANDOM_DEGREE) / 2, (size * (size - 1)) / 2)
  while (graph.edges.length < wanted) graph.add(randomBelow(rng, size), randomBelow(rng, size))
  graph.join(() => randomUnit(rng))
  return graph.edges
}

/** Nodes strewn over a square, with a link to whoever is near. */
function geometric(size: number, rng: Rng): readonly Edge[] {
  const places = Array.from({ length: size }, () => [randomUnit(rng), randomUnit(rng)] as const)
  const distance = (a: number, b: number): number =>
    Math.hypot(places[a]![0] - places[b]![0], places[a]![1] - places[b]![1])
  const range = Math.sqrt(GEOMETRIC_DEGREE / (Math.PI * size))
  const graph = new Graph(size)
  for (let a = 0; a < size; a++)
    for (let b = a + 1; b < size; b++) if (distance(a, b) <= range) graph.add(a, b)
  graph.join(distance)
  return graph.edges
}

/** Barabasi and Albert: each new node links to some, those with many links first. */
function scaleFree(size: number, rng: Rng): readonly Edge[] {
  const graph = new Graph(size)
  /** Every node as often as it has links. */
  const ends = [0]
  for (let node = 1; node < size; node++) {
    const linked = new Set<number>()
    while (linked.size < Math.min(SCALE_FREE_LINKS, node)) linked.add(ends[randomBelow(rng, ends.length)]!)
    for (const end of linked) {
      graph.add(node, end)
      ends.push(node, end)
    }
  }
  return graph.edges
}

class Graph {
  readonly edges: Edge[] = []
  readonly #size: number
  readonly #known = new Set<number>()

  constructor(size: number) {
    this.#size = size
  }

  /** Nothing for a link to itself, or one there is. */
  add(a: number, b: number): void {
    const id = Math.min(a, b) * this.#size + Math.max(a, b)
    if (a === b || this.#known.has(id)) return
    this.#known.add(id)
    this.edges.push([a, b])
  }

  /** Joins what hangs apart to the rest, each time by the link that is shortest. */
  join(length: (a: number, b: number) => number): void {
    for (;;) {
      const reached = new Set(hopsFrom(0, adjacency(this.#size, this.edges)).keys())
      if (reached.size === this.#size) return
      let best: Edge | undefined
      let least = Infinity
      for (const a of reached)
        for (let b = 0; b < this.#size; b++) {
          const between = reached.has(b) ? Infinity : length(a, b)
          if (between < least) [best, least] = [[a, b], between]
        }
      this.add(...best!)
    }
  }
}

/** The neighbours of each node. */
export function adjacency(size: number, edges: readonly Edge[]): readonly (readonly number[])[] {
  const neighbours: number[][] = Array.from({ length: size }, () => [])
  for (const [a, b] of edges) {
    neighbours[a]!.push(b)
    neighbours[b]!.push(a)
  }
  return neighbours
}

/** Links on the shortest way from a node to every one that it reaches. */
export function hopsFrom(
  start: number,
  neighbours: readonly (readonly number[])[],
): ReadonlyMap<number, number> {
  const hops = new Map([[start, 0]])
  // A map is walked in the order of insertion, also over what is added meanwhile.
  for (const [node, links] of hops)
    for (const next of neighbours[node]!) if (!hops.has(next)) hops.set(next, links + 1)
  return hops
}
