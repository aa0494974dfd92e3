/** Where the data path puts what leaves: memory of the host, in which frames are opened, sealed again and handed on. */
import type { PublicKey } from '../identity/index.ts'
import type { FrameClass, TransportAddr, TransportId } from '../link.ts'

/** Largest frame the data path takes, bytes; longer ones go through `step`. */
export const PLACE_FRAME_MAX = 2048
/** Bytes before a frame's place that may be written to, for headers that grow. */
export const PLACE_HEADROOM = 64
/** What is opened twice lies once in each half of a place. */
const HALF: number = PLACE_FRAME_MAX + PLACE_HEADROOM
/**
 * From the first half to the second, and three bytes into it: an IPv6 packet that comes out of a session there begins on a word,
 * as checksums like it.
 */
export const PLACE_SECOND_AT: number = HALF + 3
/** From one place to the next. */
export const PLACE_SIZE: number = 2 * HALF

/** The host implements it over batched sends and the TUN, a test over an array. */
export interface PacketSink {
  /** All places lie in here. */
  readonly slab: Uint8Array
  /** Where the next place begins, PLACE_HEADROOM bytes into it. The same place again until something in it was handed on. */
  reserve(): number
  /** A sealed frame in the reserved place. */
  send(transportId: TransportId, to: TransportAddr, at: number, length: number, frameClass: FrameClass): void
  /** An IPv6 packet for this host in the reserved place. */
  packet(at: number, length: number, from: PublicKey): void
}
