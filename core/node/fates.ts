/**
 * What media that confirm frames tell of those they took. A radio knows within seconds what the overlay would find out by a
 * timer after minutes: an announce that arrived need not be repeated, and one that was lost can be, when the channel
 * had time to get better.
 */
import { decodeFrame } from '../fmp/index.ts'
import type { EstablishedFrame } from '../fmp/index.ts'
import type { LinkPath, Peer } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { NodeInput } from './api.ts'
import type { NodeContext } from './context.ts'

export type FrameFate = Extract<NodeInput, { type: 'frame-delivered' | 'frame-lost' }>

/** Whoever keeps something until it has arrived. */
export interface AnnounceSender {
  /** The peer has the frame of this counter. */
  delivered(peer: Peer, counter: bigint): void
  lost(peer: Peer, counter: bigint, now: Millis): void
}

export interface HandshakeSender {
  /** The msg1 that names this index of ours is lost. */
  msg1Lost(peer: Peer, ourIndex: number, now: Millis): void
}

export class Fates {
  readonly #ctx: NodeContext
  readonly #announces: readonly AnnounceSender[]
  readonly #handshakes: HandshakeSender

  constructor(ctx: NodeContext, announces: readonly AnnounceSender[], handshakes: HandshakeSender) {
    this.#ctx = ctx
    this.#announces = announces
    this.#handshakes = handshakes
  }

  told(fate: FrameFate, now: Millis): void {
    const decoded = decodeFrame(fate.frame)
    if (!decoded.ok) return
    const frame = decoded.value
    const path = { transportId: fate.transportId, addr: fate.to }
    const isLost = fate.type === 'frame-lost'
    for (const peer of this.#ctx.peers.values()) {
      if (frame.type === 'established' && isFor(peer, frame, path)) {
        for (const sender of this.#announces) {
          if (isLost) sender.lost(peer, frame.counter, now)
          else sender.delivered(peer, frame.counter)
        }
      } else if (frame.type === 'msg1' && isLost) {
        this.#handshakes.msg1Lost(peer, frame.senderIndex, now)
      }
      // Of a msg2 nothing need be done: whoever waits for it asks again, and gets it.
    }
  }
}

/** Whether a frame of ours went to this peer, where it is now and under the keys in use. */
function isFor(peer: Peer, frame: EstablishedFrame, { transportId, addr }: LinkPath): boolean {
  const isThere = peer.path.transportId === transportId && peer.path.addr === addr
  return isThere && peer.up !== undefined && peer.keys.current?.theirIndex === frame.receiverIndex
}
