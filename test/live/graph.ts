/** Random connected graphs from a seed: who is joined to whom, over what, and which end dials. */
import { randomBelow, randomUnit, SeededRng, type Rng } from '../../core/index.ts'

export interface Edge {
  /** Dials, unless `dials` says no. */
  readonly from: number
  readonly to: number
  readonly kind: 'udp' | 'tcp'
  readonly dials?: boolean
}

export interface GraphOptions {
  readonly nodes: number
  readonly edges: number
  readonly seed: number
  /** Share of edges over TCP. */
  readonly tcp: number
}

/** A random tree, so that it is connected, and random edges on top; no edge twice. */
export function randomGraph({ nodes, edges, seed, tcp }: GraphOptions): readonly Edge[] {
  const rng = new SeededRng(seed)
  const joined = new Set<string>()
  const list: Edge[] = []
  const add = (a: number, b: number): void => {
    const key = a < b ? `${a} ${b}` : `${b} ${a}`
    if (a === b || joined.has(key)) return
    joined.add(key)
    const [from, to] = randomUnit(rng) < 0.5 ? [a, b] : [b, a]
    list.push({ from, to, kind: randomUnit(rng) < tcp ? 'tcp' : 'udp' })
  }
  const order = shuffled(
    rng,
    Array.from({ length: nodes }, (_, index) => index),
  )
  for (let at = 1; at < nodes; at++) add(order[at]!, order[randomBelow(rng, at)]!)
  const most = Math.min(edges, (nodes * (nodes - 1)) / 2)
  while (list.length < most) add(randomBelow(rng, nodes), randomBelow(rng, nodes))
  return list
}

/** Number of edges at each node. */
export function degrees(nodes: number, edges: readonly Edge[]): readonly number[] {
  return Array.from(
    { length: nodes },
    (_, node) => edges.filter(({ from, to }) => from === node || to === node).length,
  )
}

export function shuffled<T>(rng: Rng, items: readonly T[]): readonly T[] {
  const mixed = [...items]
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = randomBelow(rng, at + 1)
    ;[mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!]
  }
  return mixed
}

/** `count` different ordered pairs of different nodes. */
export function randomPairs(rng: Rng, nodes: number, count: number): readonly (readonly [number, number])[] {
  const all = Array.from({ length: nodes * nodes }, (_, at) => [Math.floor(at / nodes), at % nodes] as const)
  return shuffled(
    rng,
    all.filter(([a, b]) => a !== b),
  ).slice(0, count)
}
