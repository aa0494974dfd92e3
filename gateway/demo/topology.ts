/** Who is on the island and who hears whom: a tree of links, so that every pair has exactly one route. */

export interface StationPlan {
  readonly name: string
  readonly media: string
  /** Name on the ether of its modem, when it has one. */
  readonly modem?: string
}

export interface LinkPlan {
  /** The one that dials. */
  readonly from: string
  readonly to: string
  readonly medium: 'lora' | 'serial' | 'udp'
}

export interface Topology {
  readonly stations: readonly StationPlan[]
  readonly links: readonly LinkPlan[]
  /** Pairs to ping, end to end. */
  readonly pairs: readonly (readonly [string, string])[]
}

export const GATEWAY = 'gateway'
const LEAF = 'leaf'
export const OVERLAY = 'overlay'
/** Radio nodes that hear the gateway; each further one hears only the node this many before it. */
const IN_GATEWAY_RANGE = 2

/**
 * `radio` nodes around a gateway: the first two in its range, each further one behind an earlier, so that traffic
 * takes two and more radio hops.
 */
export function topologyOf(radio: number): Topology {
  const radios = Array.from({ length: radio }, (_, i) => `radio-${i + 1}`)
  const hosts = [OVERLAY, ...radios, LEAF]
  return {
    stations: [
      { name: OVERLAY, media: 'udp' },
      { name: GATEWAY, media: 'udp, lora, serial', modem: GATEWAY },
      ...radios.map((name) => ({ name, media: 'lora', modem: name })),
      { name: LEAF, media: 'serial' },
    ],
    links: [
      { from: GATEWAY, to: OVERLAY, medium: 'udp' },
      { from: LEAF, to: GATEWAY, medium: 'serial' },
      ...radios.map((name, i) => ({
        from: name,
        to: i < IN_GATEWAY_RANGE ? GATEWAY : (radios[i - IN_GATEWAY_RANGE] ?? GATEWAY),
        medium: 'lora' as const,
      })),
    ],
    pairs: hosts.flatMap((a, i) => hosts.slice(i + 1).map((b) => [b, a] as const)),
  }
}

/** Links on the way between two stations. */
export function hopsBetween(topology: Topology, from: string, to: string): number {
  let reached = new Set([from])
  for (let hops = 0; hops <= topology.links.length; hops++) {
    if (reached.has(to)) return hops
    const next = topology.links.flatMap((link) =>
      reached.has(link.from) ? [link.to] : reached.has(link.to) ? [link.from] : [],
    )
    reached = new Set([...reached, ...next])
  }
  throw new Error(`no way from ${from} to ${to}`)
}
