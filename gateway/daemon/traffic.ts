/**
 * The packet sink of the daemon: frames and packets of the data path wait in one slab until the batch that brought them is over,
 * and leave for the media and the host together.
 */
import {
  PLACE_HEADROOM,
  PLACE_SIZE,
  type FrameClass,
  type PacketSink,
  type TransportAddr,
  type TransportId,
} from '../../core/index.ts'

/** Places of one batch; a longer one leaves in parts. */
const PLACES = 128

export interface TrafficDeps {
  /** `length` bytes that stay where they are. */
  allocate(length: number): Uint8Array
  queue(
    id: TransportId,
    to: TransportAddr,
    slab: Uint8Array,
    at: number,
    length: number,
    frameClass: FrameClass,
  ): void
  /** A packet for the host. */
  deliver(slab: Uint8Array, at: number, length: number): void
  /** Lets everything leave that was queued and delivered. */
  flush(): void
}

export class Traffic implements PacketSink {
  readonly slab: Uint8Array
  readonly #deps: TrafficDeps
  #used = 0

  constructor(deps: TrafficDeps) {
    this.#deps = deps
    this.slab = deps.allocate(PLACES * PLACE_SIZE)
  }

  reserve(): number {
    if (this.#used === PLACES) this.flush()
    return this.#used * PLACE_SIZE + PLACE_HEADROOM
  }

  send(
    transportId: TransportId,
    to: TransportAddr,
    at: number,
    length: number,
    frameClass: FrameClass,
  ): void {
    this.#used++
    this.#deps.queue(transportId, to, this.slab, at, length, frameClass)
  }

  packet(at: number, length: number): void {
    this.#used++
    this.#deps.deliver(this.slab, at, length)
  }

  flush(): void {
    if (this.#used === 0) return
    this.#used = 0
    this.#deps.flush()
  }
}
