/**
 * Where destinations are, as far as we heard. Most of it comes from datagrams in transit, which nobody authenticates, so
 * entries carry how far they can be trusted: a less trusted position never replaces a more trusted one.
 */
import type { Coordinates } from '../coordinates.ts'
import { rootOf } from '../coordinates.ts'
import type { NodeAddr } from '../identity/index.ts'
import type { Millis } from '../time.ts'
import { COORDINATE_CACHE_ENTRIES, COORDINATE_CACHE_TTL, TRANSIT_SHARE } from './limits.ts'

/** In rising order: read in passing, announced by the neighbour itself, proven by the destination's signature. */
export type Trust = 'transit' | 'announced' | 'proven'

const RANK: Readonly<Record<Trust, number>> = { transit: 0, announced: 1, proven: 2 }

/** What is known now: later use of the position shows in it. */
export interface CachedPosition {
  readonly coordinates: Coordinates
  readonly trust: Trust
  /** Smallest link MTU in bytes on the way there, when a lookup told it. */
  readonly pathMtu: number | undefined
  readonly insertedAt: Millis
  readonly lastUsedAt: Millis
}

export interface CoordinateCacheOptions {
  readonly maxEntries?: number
  readonly ttl?: Millis
}

/** What is known about an entry besides the position. */
export interface PositionSource {
  readonly trust: Trust
  /** The neighbour it came through; required for the quota of transit entries. */
  readonly via?: NodeAddr
  readonly pathMtu?: number
}

interface Entry extends CachedPosition {
  readonly via: NodeAddr | undefined
  lastUsedAt: Millis
  expiresAt: Millis
}

/** Bounded by `maxEntries`; when full, the entry unused for longest goes. */
export class CoordinateCache {
  readonly #maxEntries: number
  readonly #ttl: Millis
  readonly #maxPerNeighbour: number
  /** Least recently used first. */
  readonly #entries = new Map<NodeAddr, Entry>()
  readonly #transitCounts = new Map<NodeAddr, number>()
  /** The last of the entries: packets come in runs for one destination, and what is last need not be moved there. */
  #newest: NodeAddr | undefined

  constructor(options: CoordinateCacheOptions = {}) {
    this.#maxEntries = options.maxEntries ?? COORDINATE_CACHE_ENTRIES
    this.#ttl = options.ttl ?? COORDINATE_CACHE_TTL
    this.#maxPerNeighbour = Math.max(1, Math.floor(this.#maxEntries * TRANSIT_SHARE))
  }

  get size(): number {
    return this.#entries.size
  }

  /** Whether the position was taken: not when a more trusted one is held, or the neighbour's share is used up. */
  insert(addr: NodeAddr, coordinates: Coordinates, source: PositionSource, now: Millis): boolean {
    const held = this.#live(addr, now)
    if (held !== undefined && RANK[held.trust] > RANK[source.trust]) return false
    if (!this.#withinShare(source, held)) return false
    this.#delete(addr)
    if (this.#entries.size >= this.#maxEntries) this.#evict()
    const pathMtu = source.pathMtu ?? held?.pathMtu
    const via = source.trust === 'transit' ? source.via : undefined
    this.#entries.set(addr, {
      coordinates,
      trust: source.trust,
      pathMtu,
      via,
      insertedAt: now,
      lastUsedAt: now,
      expiresAt: now + this.#ttl,
    })
    this.#newest = addr
    if (via !== undefined) this.#transitCounts.set(via, this.#transitCount(via) + 1)
    return true
  }

  /** The position for forwarding: being used keeps it alive. */
  use(addr: NodeAddr, now: Millis): CachedPosition | undefined {
    const entry = this.#live(addr, now)
    if (entry === undefined) return undefined
    entry.lastUsedAt = now
    entry.expiresAt = now + this.#ttl
    if (addr !== this.#newest) {
      this.#entries.delete(addr)
      this.#entries.set(addr, entry)
      this.#newest = addr
    }
    return entry
  }

  /** The position, without keeping it alive. */
  peek(addr: NodeAddr, now: Millis): CachedPosition | undefined {
    return this.#live(addr, now)
  }

  /** Forwarding by this position failed: from now on anything newer may replace it. */
  demote(addr: NodeAddr): void {
    const entry = this.#entries.get(addr)
    if (entry !== undefined) this.#entries.set(addr, { ...entry, trust: 'transit' })
  }

  remove(addr: NodeAddr): void {
    this.#delete(addr)
  }

  /** Drops what leads through `node`: it moved. Returns how many. */
  removeVia(node: NodeAddr): number {
    return this.#removeWhere((entry) => entry.coordinates.includes(node))
  }

  /** Drops positions in other trees than that of `root`: we cannot route to them. Returns how many. */
  removeOtherRoots(root: NodeAddr): number {
    return this.#removeWhere((entry) => rootOf(entry.coordinates) !== root)
  }

  /** Drops expired entries. Returns how many. */
  purge(now: Millis): number {
    return this.#removeWhere((entry) => isExpired(entry, now))
  }

  /** Live entries, least recently used first. */
  *entries(now: Millis): IterableIterator<readonly [NodeAddr, CachedPosition]> {
    for (const [addr, entry] of this.#entries) if (!isExpired(entry, now)) yield [addr, entry]
  }

  #live(addr: NodeAddr, now: Millis): Entry | undefined {
    const entry = this.#entries.get(addr)
    return entry === undefined || isExpired(entry, now) ? undefined : entry
  }

  #withinShare(source: PositionSource, held: Entry | undefined): boolean {
    if (source.trust !== 'transit' || source.via === undefined || held?.via === source.via) return true
    return this.#transitCount(source.via) < this.#maxPerNeighbour
  }

  #transitCount(via: NodeAddr): number {
    return this.#transitCounts.get(via) ?? 0
  }

  #delete(addr: NodeAddr): void {
    const entry = this.#entries.get(addr)
    if (entry === undefined) return
    this.#entries.delete(addr)
    if (addr === this.#newest) this.#newest = undefined
    if (entry.via === undefined) return
    const count = this.#transitCount(entry.via) - 1
    if (count > 0) this.#transitCounts.set(entry.via, count)
    else this.#transitCounts.delete(entry.via)
  }

  /** Makes room. The least recently used is also the first to expire. */
  #evict(): void {
    for (const addr of this.#entries.keys()) {
      this.#delete(addr)
      return
    }
  }

  #removeWhere(matches: (entry: Entry) => boolean): number {
    const doomed = [...this.#entries].filter(([, entry]) => matches(entry))
    for (const [addr] of doomed) this.#delete(addr)
    return doomed.length
  }
}

/** The last instant of its life still counts. */
function isExpired(entry: Entry, now: Millis): boolean {
  return now > entry.expiresAt
}
