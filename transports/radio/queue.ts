/**
 * Frames waiting for the air: strict priority between classes, first in first out within one, bounded, aged.
 * TreeAnnounces, FilterAnnounces and reports supersede their like, so the newer one takes the older one's place.
 */
import type { FrameClass, Millis } from '../../core/index.ts'
import { equalBytes } from '../../core/index.ts'
import { MAX_QUEUED, MAX_QUEUED_PER_NEIGHBOUR } from './limits.ts'
import type { StationId } from './station.ts'

/** In falling priority. Acknowledgements go before all of them and never queue here. */
export const CLASSES: readonly FrameClass[] = [
  'handshake',
  'tree',
  'interactive',
  'filter',
  'bulk',
  'report',
] as const

/** A whole FMP frame for a neighbour. */
export interface Outgoing {
  readonly to: StationId
  readonly frameClass: FrameClass
  readonly frame: Uint8Array
  readonly queuedAt: Millis
}

export type Verdict =
  | { readonly type: 'queued' }
  /** In place of one that says less, or of the same bytes. */
  | { readonly type: 'replaced'; readonly victim: Outgoing }
  /** A frame of a lower class made room. */
  | { readonly type: 'displaced'; readonly victim: Outgoing }
  | { readonly type: 'full' }

const SUPERSEDING: ReadonlySet<FrameClass> = new Set<FrameClass>(['tree', 'filter', 'report'])

export class OutgoingQueue {
  readonly #byStation = new Map<StationId, Outgoing[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  stations(): Iterable<StationId> {
    return this.#byStation.keys()
  }

  sizeOf(station: StationId): number {
    return this.#byStation.get(station)?.length ?? 0
  }

  offer(item: Outgoing): Verdict {
    const list = this.#byStation.get(item.to) ?? []
    const like = list.findIndex(
      (other) =>
        other.frameClass === item.frameClass &&
        (SUPERSEDING.has(item.frameClass) || equalBytes(other.frame, item.frame)),
    )
    if (like >= 0) {
      const [victim] = list.splice(like, 1)
      list.push(item)
      return { type: 'replaced', victim: victim! }
    }
    let victim: Outgoing | undefined
    if (list.length >= MAX_QUEUED_PER_NEIGHBOUR) victim = newestBelow(list, item.frameClass)
    else if (this.#size >= MAX_QUEUED)
      victim = newestBelow([...this.#byStation.values()].flat(), item.frameClass)
    else {
      this.#push(item)
      return { type: 'queued' }
    }
    if (victim === undefined) return { type: 'full' }
    this.remove(victim)
    this.#push(item)
    return { type: 'displaced', victim }
  }

  /** The oldest of this class for this station. */
  first(station: StationId, frameClass: FrameClass): Outgoing | undefined {
    return this.#byStation.get(station)?.find((item) => item.frameClass === frameClass)
  }

  remove(item: Outgoing): void {
    const list = this.#byStation.get(item.to)
    const at = list?.indexOf(item) ?? -1
    if (list === undefined || at < 0) return
    list.splice(at, 1)
    this.#size--
    if (list.length === 0) this.#byStation.delete(item.to)
  }

  /** Removes and returns what has waited longer than its class may. */
  expire(maxAge: (frameClass: FrameClass) => Millis, now: Millis): readonly Outgoing[] {
    const old = [...this.#byStation.values()]
      .flat()
      .filter((item) => item.queuedAt + maxAge(item.frameClass) <= now)
    for (const item of old) this.remove(item)
    return old
  }

  /** When `expire` has something to do next. */
  deadline(maxAge: (frameClass: FrameClass) => Millis): Millis | undefined {
    let next: Millis | undefined
    for (const list of this.#byStation.values()) {
      for (const item of list) {
        const at = item.queuedAt + maxAge(item.frameClass)
        if (next === undefined || at < next) next = at
      }
    }
    return next
  }

  /** Empties the queue. */
  clear(): readonly Outgoing[] {
    const all = [...this.#byStation.values()].flat()
    this.#byStation.clear()
    this.#size = 0
    return all
  }

  #push(item: Outgoing): void {
    const list = this.#byStation.get(item.to)
    if (list === undefined) this.#byStation.set(item.to, [item])
    else list.push(item)
    this.#size++
  }
}

function rank(frameClass: FrameClass): number {
  return CLASSES.indexOf(frameClass)
}

function newestBelow(items: readonly Outgoing[], frameClass: FrameClass): Outgoing | undefined {
  let victim: Outgoing | undefined
  for (const item of items) {
    if (rank(item.frameClass) <= rank(frameClass)) continue
    if (victim === undefined || rank(item.frameClass) >= rank(victim.frameClass)) victim = item
  }
  return victim
}
