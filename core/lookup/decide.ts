/** Where requests and responses go. */
import type { BloomFilter } from '../bloom/index.ts'
import { FilterKey } from '../bloom/index.ts'
import type { NodeAddr } from '../identity/index.ts'
import type { LookupRequest, LookupResponse } from './wire.ts'

/** What lookups look at in a neighbour. */
export interface LookupHop {
  readonly addr: NodeAddr
  readonly filter: BloomFilter | undefined
  /** Parent or child of ours. */
  readonly isTreePeer: boolean
  readonly canSend: boolean
}

/** Neighbours that say they reach the target; tree neighbours only, which keeps the flood on the tree. */
export function originTargets(target: NodeAddr, neighbours: Iterable<LookupHop>): NodeAddr[] {
  return reaching(target, neighbours)
    .filter((hop) => hop.isTreePeer)
    .map((hop) => hop.addr)
}

export interface ForwardTargets {
  readonly peers: readonly NodeAddr[]
  /** No tree neighbour reaches the target, so it goes over cross links. */
  readonly usedFallback: boolean
}

/** As `originTargets`, with cross links when the tree has nobody, and never back to where it came from. */
export function forwardTargets(
  target: NodeAddr,
  neighbours: Iterable<LookupHop>,
  cameFrom: NodeAddr | undefined,
): ForwardTargets {
  const hops = reaching(target, neighbours).filter((hop) => hop.addr !== cameFrom)
  const onTree = hops.filter((hop) => hop.isTreePeer)
  const usedFallback = onTree.length === 0 && hops.length > 0
  return { peers: (usedFallback ? hops : onTree).map((hop) => hop.addr), usedFallback }
}

/** The request as it is forwarded; undefined when it may travel no further. */
export function requestAfterHop(request: LookupRequest): LookupRequest | undefined {
  return request.ttl === 0 ? undefined : { ...request, ttl: request.ttl - 1 }
}

/** The response as it leaves over a link with `linkMtu`. */
export function responseAfterHop(response: LookupResponse, linkMtu: number): LookupResponse {
  return { ...response, pathMtu: Math.min(response.pathMtu, linkMtu) }
}

function reaching(target: NodeAddr, neighbours: Iterable<LookupHop>): readonly LookupHop[] {
  const key = FilterKey.of(target)
  return [...neighbours].filter((hop) => hop.canSend && hop.filter?.hasKey(key) === true)
}
