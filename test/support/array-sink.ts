/** A packet sink over plain memory that keeps what leaves as the outputs `step` would have returned. */
import { PLACE_HEADROOM, PLACE_SIZE } from '../../core/index.ts'
import type {
  FrameClass,
  NodeOutput,
  PacketSink,
  PublicKey,
  TransportAddr,
  TransportId,
} from '../../core/index.ts'

export class ArraySink implements PacketSink {
  readonly slab: Uint8Array = new Uint8Array(PLACE_SIZE + PLACE_HEADROOM)
  /** False to count only, for measurements. */
  keeps = true
  /** What left since the sink was made. */
  count = 0
  #outputs: NodeOutput[] = []

  reserve(): number {
    return PLACE_HEADROOM
  }

  send(
    transportId: TransportId,
    to: TransportAddr,
    at: number,
    length: number,
    frameClass: FrameClass,
  ): void {
    this.count++
    if (!this.keeps) return
    const frame = this.slab.slice(at, at + length)
    this.#outputs.push({ type: 'send', transportId, to, frame, frameClass })
  }

  packet(at: number, length: number, from: PublicKey): void {
    this.count++
    if (!this.keeps) return
    this.#outputs.push({ type: 'packet', packet: this.slab.slice(at, at + length), from })
  }

  take(): readonly NodeOutput[] {
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }
}
