/**
 * Which indices a neighbour can be addressed by, learnt from its handshakes passing by. A forged handshake can only
 * add one, or push one out: then frames travel in the raw form, which needs none.
 */
import { MAX_INDICES_PER_NEIGHBOUR, MAX_NEIGHBOURS } from './limits.ts'
import type { StationId } from './station.ts'

export class PeerIndices {
  /** Insertion order is age, of stations and of their indices. */
  readonly #byStation = new Map<StationId, Set<number>>()

  add(station: StationId, index: number): void {
    const indices = this.#byStation.get(station) ?? new Set()
    this.#byStation.delete(station)
    this.#byStation.set(station, indices)
    if (this.#byStation.size > MAX_NEIGHBOURS) this.#byStation.delete(this.#byStation.keys().next().value!)
    indices.delete(index)
    indices.add(index)
    if (indices.size > MAX_INDICES_PER_NEIGHBOUR) indices.delete(indices.values().next().value!)
  }

  has(station: StationId, index: number): boolean {
    return this.#byStation.get(station)?.has(index) ?? false
  }
}
