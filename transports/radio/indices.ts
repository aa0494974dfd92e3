/**
 * Our own receiver indices: by which neighbours address us. Learnt only from handshakes that we send ourselves, so
 * nobody else can add, change or take over one.
 */
import { MAX_INDICES_PER_NEIGHBOUR } from './limits.ts'
import { ReceiveChannel } from './reassembly.ts'
import type { StationId } from './station.ts'

/** One index we gave to a neighbour, with the frames that arrive under it. */
export interface OwnIndex {
  readonly receiverIndex: number
  readonly station: StationId
  readonly channel: ReceiveChannel
}

export class OwnIndices {
  /** By the low half, as the air names them. Insertion order is age. */
  readonly #byLow = new Map<number, OwnIndex>()

  /**
   * Remembers an index of ours. False when its low half now names another link than before: the older of the two can
   * no longer be reached in the compact form.
   */
  add(receiverIndex: number, station: StationId): boolean {
    const low = receiverIndex & 0xffff
    const known = this.#byLow.get(low)
    if (known?.receiverIndex === receiverIndex && known.station === station) return true
    this.#byLow.delete(low)
    this.#byLow.set(low, { receiverIndex, station, channel: new ReceiveChannel('index') })
    const ours = [...this.#byLow].filter(([, own]) => own.station === station)
    if (ours.length > MAX_INDICES_PER_NEIGHBOUR) this.#byLow.delete(ours[0]![0])
    return known === undefined
  }

  get(low: number): OwnIndex | undefined {
    return this.#byLow.get(low)
  }

  all(): Iterable<OwnIndex> {
    return this.#byLow.values()
  }

  /** Forgets a neighbour's. */
  forget(station: StationId): void {
    for (const [low, own] of this.#byLow) if (own.station === station) this.#byLow.delete(low)
  }
}
