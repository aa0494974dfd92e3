/** Who is within earshot: signal, delivery and when last heard. Shown to the operator; bounded. */
import type { Millis, PublicKey } from '../../core/index.ts'
import { MAX_NEIGHBOURS } from './limits.ts'
import type { StationId } from './station.ts'

export interface RadioNeighbour {
  readonly station: StationId
  /** From its beacon; unproven. */
  publicKey: PublicKey | undefined
  /** Of the newest frame heard. */
  rssiDbm: number | undefined
  snrDb: number | undefined
  lastHeardAt: Millis | undefined
  /** Whole frames confirmed by it and given up towards it. */
  delivered: number
  lost: number
  /** Radio frames sent to it that wanted an answer, and those that stayed without. */
  requests: number
  silences: number
}

export class NeighbourTable {
  readonly #byStation = new Map<StationId, RadioNeighbour>()

  get(station: StationId): RadioNeighbour | undefined {
    return this.#byStation.get(station)
  }

  /**
   * Finds or adds. Beyond `MAX_NEIGHBOURS` the one heard least recently goes, unless `busy` says it must stay; its
   * name is returned, so that what else is kept of it can go.
   */
  meet(
    station: StationId,
    busy: (station: StationId) => boolean,
  ): { neighbour: RadioNeighbour | undefined; forgotten?: StationId } {
    const known = this.#byStation.get(station)
    if (known !== undefined) return { neighbour: known }
    let forgotten: StationId | undefined
    if (this.#byStation.size >= MAX_NEIGHBOURS) {
      const victim = [...this.#byStation.values()]
        .filter((neighbour) => !busy(neighbour.station))
        .toSorted((a, b) => (a.lastHeardAt ?? -Infinity) - (b.lastHeardAt ?? -Infinity))[0]
      if (victim === undefined) return { neighbour: undefined }
      forgotten = victim.station
      this.#byStation.delete(forgotten)
    }
    const neighbour: RadioNeighbour = {
      station,
      publicKey: undefined,
      rssiDbm: undefined,
      snrDb: undefined,
      lastHeardAt: undefined,
      delivered: 0,
      lost: 0,
      requests: 0,
      silences: 0,
    }
    this.#byStation.set(station, neighbour)
    return { neighbour, ...(forgotten === undefined ? {} : { forgotten }) }
  }

  all(): readonly Readonly<RadioNeighbour>[] {
    return [...this.#byStation.values()]
  }
}
