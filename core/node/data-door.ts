/**
 * The second door of the node, for traffic: a frame is opened from where the transport has it into a place of the sink, and what
 * is plain traffic is sealed again and leaves from there. Whatever is not, takes the way of `step`.
 */
import {
  counterHighAt,
  counterLowAt,
  flagsAt,
  FRAME_FLAGS,
  FRAME_MESSAGE_AT,
  isEstablishedAt,
  LINK_OVERHEAD,
  MAX_COUNTER_HIGH,
  receiverIndexAt,
  timestampAt,
} from '../fmp/index.ts'
import type { TransportAddr, TransportId } from '../link.ts'
import type { Millis } from '../time.ts'
import type { NodeContext } from './context.ts'
import type { ArrivedFrame, FrameHost, Frames } from './frames.ts'
import type { MeshData } from './layers.ts'
import { PLACE_FRAME_MAX, type PacketSink } from './packet-sink.ts'

const TWO_TO_32: number = 2 ** 32

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

export interface DataDoorParts {
  readonly ctx: NodeContext
  readonly frames: Frames
  readonly sink: PacketSink
  readonly mesh: MeshData
  /** Takes the messages that are no plain traffic. */
  readonly deliver: FrameHost['message']
}

export class DataDoor {
  readonly #parts: DataDoorParts
  /** One for all frames: it is read before the next one comes. */
  readonly #arrived: Mutable<ArrivedFrame> = {
    counter: 0,
    timestamp: 0,
    keyEpoch: false,
    ce: false,
    spin: false,
    isNewest: false,
  }

  constructor(parts: DataDoorParts) {
    this.#parts = parts
  }

  /** False, having touched nothing, when the frame is for `step`. */
  frame(
    transportId: TransportId,
    from: TransportAddr,
    bytes: Uint8Array,
    at: number,
    length: number,
    now: Millis,
  ): boolean {
    if (length > PLACE_FRAME_MAX || !isEstablishedAt(bytes, at, length)) return false
    const { ctx, frames, sink, mesh } = this.#parts
    const transport = ctx.transports.get(transportId)
    const owner = ctx.indexes.owner(receiverIndexAt(bytes, at))
    const high = counterHighAt(bytes, at)
    if (transport === undefined || owner?.type !== 'session' || high >= MAX_COUNTER_HIGH) return false
    const { peer, session } = owner
    transport.traffic.packetsReceived += 1
    transport.traffic.bytesReceived += length
    const place = sink.reserve()
    const result = session.openAt(bytes, at, length, sink.slab, place, now)
    if (result === 'replayed' || result === 'undecryptable') {
      frames.refuse(peer, result)
      return true
    }
    const flags = flagsAt(bytes, at)
    const arrived = this.#arrived
    arrived.counter = high * TWO_TO_32 + counterLowAt(bytes, at)
    arrived.timestamp = timestampAt(sink.slab, place)
    arrived.keyEpoch = (flags & FRAME_FLAGS.keyEpoch) !== 0
    arrived.ce = (flags & FRAME_FLAGS.ce) !== 0
    arrived.spin = (flags & FRAME_FLAGS.spin) !== 0
    arrived.isNewest = result === 'newest'
    const { ce } = arrived
    if (!frames.accept(peer, session, arrived, length, transportId, from, now)) return true
    const messageAt = place + FRAME_MESSAGE_AT
    const messageLength = length - LINK_OVERHEAD
    // A leaf's traffic needs its places written in.
    const isDone = peer.up?.isLeaf === false && mesh.datagram(peer.addr, messageAt, messageLength, ce, now)
    if (isDone) return true
    mesh.forget()
    this.#parts.deliver(peer, sink.slab.slice(messageAt, messageAt + messageLength), ce, now)
    return true
  }
}
