/** The link half as the mesh half sees it. */
import type { BloomFilter } from '../bloom/index.ts'
import type { Coordinates } from '../coordinates.ts'
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import type { FrameClass, LinkProfile } from '../link.ts'
import type { Peer } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { NodeOutput } from './api.ts'
import type { NodeContext } from './context.ts'
import type { Filters } from './filters.ts'
import type { Frames } from './frames.ts'
import type { LinkLayer, Neighbour } from './layers.ts'
import type { LinkReports } from './link-reports.ts'
import type { Tree } from './tree.ts'

export interface NeighbourSources {
  readonly tree: Tree
  readonly filters: Filters
  readonly frames: Frames
  readonly reports: LinkReports
  wanted(addr: NodeAddr, now: Millis): void
}

export class Neighbours implements LinkLayer {
  readonly #ctx: NodeContext
  readonly #from: NeighbourSources
  readonly #views = new WeakMap<Peer, PeerView>()
  /** Of all links that are up: every datagram on its way asks for them. */
  #list: readonly Neighbour[] | undefined

  constructor(ctx: NodeContext, from: NeighbourSources) {
    this.#ctx = ctx
    this.#from = from
  }

  ownCoordinates(): Coordinates {
    return this.#from.tree.coordinates
  }

  neighbours(): readonly Neighbour[] {
    if (this.#list === undefined) {
      const up = [...this.#ctx.peers.values()].filter((peer) => peer.up !== undefined)
      this.#list = up.map((peer) => this.#view(peer))
    }
    return this.#list
  }

  /** A link came up or went down. */
  changed(): void {
    this.#list = undefined
  }

  neighbour(addr: NodeAddr): Neighbour | undefined {
    const peer = this.#ctx.peers.get(addr)
    return peer?.up === undefined ? undefined : this.#view(peer)
  }

  sendMessage(
    to: NodeAddr,
    message: Uint8Array,
    frameClass: FrameClass,
    now: Millis,
    congested = false,
  ): boolean {
    const peer = this.#ctx.peers.get(to)
    return peer !== undefined && this.#from.frames.send(peer, message, frameClass, now, congested)
  }

  wanted(addr: NodeAddr, now: Millis): void {
    this.#from.wanted(addr, now)
  }

  emit(output: NodeOutput): void {
    this.#ctx.emit(output)
  }

  #view(peer: Peer): Neighbour {
    let view = this.#views.get(peer)
    if (view === undefined) {
      view = new PeerView(peer, this.#ctx, this.#from)
      this.#views.set(peer, view)
    }
    return view
  }
}

/** Looks up what is asked for: routing asks of every neighbour for every packet, and of most of them very little. */
class PeerView implements Neighbour {
  readonly addr: NodeAddr
  readonly publicKey: PublicKey
  readonly #peer: Peer
  readonly #ctx: NodeContext
  readonly #from: NeighbourSources

  constructor(peer: Peer, ctx: NodeContext, from: NeighbourSources) {
    this.addr = peer.addr
    this.publicKey = peer.publicKey
    this.#peer = peer
    this.#ctx = ctx
    this.#from = from
  }

  /** A leaf hangs on us, whoever we hang on. */
  get coordinates(): Coordinates | undefined {
    const { tree } = this.#from
    return this.isLeaf ? [this.addr, ...tree.coordinates] : tree.coordinatesOf(this.addr)
  }

  get filter(): BloomFilter | undefined {
    return this.#from.filters.filterOf(this.addr)
  }

  get isTreePeer(): boolean {
    return this.#from.tree.isTreePeer(this.addr)
  }

  get isLeaf(): boolean {
    return this.#peer.up?.isLeaf === true
  }

  get cost(): number {
    return this.#from.reports.cost(this.#peer)
  }

  get lossRate(): number {
    return this.#from.reports.lossRate(this.#peer)
  }

  get inboundLossRate(): number {
    return this.#from.reports.inboundLossRate(this.#peer)
  }

  get congested(): boolean {
    return this.#from.reports.isCongested(this.#peer)
  }

  get canSend(): boolean {
    const { keys, path } = this.#peer
    return keys.current !== undefined && this.#ctx.transports.has(path.transportId)
  }

  get isSilent(): boolean {
    return this.#peer.up?.isSilent === true
  }

  get mtu(): number {
    return this.#peer.transport.mtu
  }

  get profile(): LinkProfile {
    return this.#peer.transport.profile
  }
}
