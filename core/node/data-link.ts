/** Sealing in place to a neighbour, for the data path. */
import { FRAME_MESSAGE_AT } from '../fmp/index.ts'
import type { NodeAddr } from '../identity/index.ts'
import type { FrameClass } from '../link.ts'
import type { Millis } from '../time.ts'
import type { NodeContext } from './context.ts'
import type { Frames } from './frames.ts'
import type { DataLink } from './layers.ts'
import type { PacketSink } from './packet-sink.ts'

export class PeerDataLink implements DataLink {
  readonly sink: PacketSink
  readonly #ctx: NodeContext
  readonly #frames: Frames

  constructor(ctx: NodeContext, frames: Frames, sink: PacketSink) {
    this.sink = sink
    this.#ctx = ctx
    this.#frames = frames
  }

  sendAt(
    to: NodeAddr,
    at: number,
    length: number,
    frameClass: FrameClass,
    now: Millis,
    congested: boolean,
  ): boolean {
    const peer = this.#ctx.peers.get(to)
    if (peer === undefined) return false
    const frameAt = at - FRAME_MESSAGE_AT
    const frameLength = this.#frames.sealAt(peer, this.sink.slab, frameAt, length, congested, now)
    if (frameLength === 0) return false
    this.sink.send(peer.path.transportId, peer.path.addr, frameAt, frameLength, frameClass)
    return true
  }
}
