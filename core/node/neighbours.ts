/** The link half as the mesh half sees it. */
import type { Coordinates } from '../coordinates.ts'
import type { NodeAddr } from '../identity/index.ts'
import type { FrameClass } from '../link.ts'
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
}

export class Neighbours implements LinkLayer {
  readonly #ctx: NodeContext
  readonly #from: NeighbourSources

  constructor(ctx: NodeContext, from: NeighbourSources) {
    this.#ctx = ctx
    this.#from = from
  }

  ownCoordinates(): Coordinates {
    return this.#from.tree.coordinates
  }

  *neighbours(): Iterable<Neighbour> {
    for (const peer of this.#ctx.peers.values()) if (peer.up !== undefined) yield this.#view(peer)
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

  emit(output: NodeOutput): void {
    this.#ctx.emit(output)
  }

  /** A leaf hangs on us, whoever we hang on. */
  #placeOf(peer: Peer): Coordinates | undefined {
    const { tree } = this.#from
    return peer.up?.isLeaf === true ? [peer.addr, ...tree.coordinates] : tree.coordinatesOf(peer.addr)
  }

  #view(peer: Peer): Neighbour {
    const { tree, filters, reports } = this.#from
    return {
      addr: peer.addr,
      publicKey: peer.publicKey,
      coordinates: this.#placeOf(peer),
      filter: filters.filterOf(peer.addr),
      isTreePeer: tree.isTreePeer(peer.addr),
      ...(peer.up?.isLeaf === true ? { isLeaf: true } : {}),
      cost: reports.cost(peer),
      congested: reports.isCongested(peer),
      canSend: peer.keys.current !== undefined && this.#ctx.transports.has(peer.path.transportId),
      mtu: peer.transport.mtu,
      profile: peer.transport.profile,
    }
  }
}
