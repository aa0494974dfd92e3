/**
 * The receiving end of the ARQ: for one sender's channel, what is under reassembly, what has been finished (against
 * duplicates), the counter estimate, and what an acknowledgement says of it.
 */
import type { Millis } from '../../core/index.ts'
import { counterCheck, rebuildCounter } from './counter.ts'
import { Reassembly } from './fragments.ts'
import { ACK_ALLOWANCE, MAX_FINISHED, MAX_PARTIALS, RADIO_MTU, WINDOW_FRAMES } from './limits.ts'
import type { DataHead, Fragment, PartialReport } from './wire.ts'

/** A fragment as both kinds of channel see it. */
export interface Arrival {
  readonly tag: number
  readonly fragment: Fragment | undefined
  /** On the first fragment of an established frame. */
  readonly head: DataHead | undefined
  readonly body: Uint8Array
}

export type ArrivalResult =
  | {
      readonly type: 'complete'
      readonly body: Uint8Array
      readonly head: DataHead | undefined
      readonly counter: bigint
    }
  | { readonly type: 'partial' | 'duplicate' | 'refused' }

/** The body of an acknowledgement. */
export interface AckReport {
  readonly complete: number
  readonly check: number
  readonly partial: readonly PartialReport[]
}

interface Partial {
  readonly pieces: Reassembly
  /** As the first fragment to arrive told it; another one means that the tag has come round. */
  readonly counter: bigint
  /** Of the fragment with the header, once here. */
  head: DataHead | undefined
  heardAt: Millis
}

/** Beyond this distance an absolute counter moves the estimate down as well: it had been led astray. */
const ASTRAY = 64n
/** Room for the tag and inner header beyond the MTU that a raw frame may need. */
const MAX_BODY: number = RADIO_MTU

export class ReceiveChannel {
  readonly #partials = new Map<number, Partial>()
  /** Counter of each finished tag; insertion order is age. */
  readonly #finished = new Map<number, bigint>()
  /** Named channels have no counters: their wide tag is enough, and stands for itself. */
  readonly #named: boolean
  #estimate = 0n
  #ackAllowance = ACK_ALLOWANCE

  constructor(kind: 'index' | 'name') {
    this.#named = kind === 'name'
  }

  receive(arrival: Arrival, now: Millis): ArrivalResult {
    const { tag, fragment, head, body } = arrival
    const counter = this.#counterOf(tag, head)
    if (head?.bits === 32) this.#moveTo(counter)
    if (this.#finished.get(tag) === counter) return { type: 'duplicate' }
    if (fragment === undefined) {
      this.#partials.delete(tag)
      return this.#finish(tag, counter, head, body)
    }
    const partial = this.#partialFor(tag, counter, now)
    if (!partial.pieces.add(fragment, body)) return { type: 'duplicate' }
    partial.heardAt = now
    this.#ackAllowance = ACK_ALLOWANCE
    if (fragment.index === 0) partial.head = head
    if (!partial.pieces.complete) return { type: 'partial' }
    const whole = partial.pieces.join()
    this.#partials.delete(tag)
    return whole === undefined ? { type: 'refused' } : this.#finish(tag, partial.counter, partial.head, whole)
  }

  /** A frame that came in the raw form told its counter; one that was overtaken moves nothing back. */
  synchronise(counter: bigint): void {
    if (counter > this.#estimate) this.#estimate = counter
  }

  /**
   * What has arrived of the frame with `tag` and those before it; undefined when this sender has asked too often
   * without sending anything new.
   */
  report(tag: number): AckReport | undefined {
    const tagSpan = this.#named ? 0x10000 : 0x100
    if (this.#ackAllowance === 0) return undefined
    this.#ackAllowance--
    let complete = 0
    let check: number | undefined
    for (let back = 0; back < WINDOW_FRAMES; back++) {
      const older = (tag - back + tagSpan) % tagSpan
      const counter = this.#finished.get(older)
      if (counter === undefined || counter !== this.#counterOf(older, undefined)) continue
      complete |= 1 << back
      check ??= this.#named ? 0 : counterCheck(counter)
    }
    const partial: PartialReport[] = []
    for (const [older, entry] of this.#partials) {
      const back = (tag - older + tagSpan) % tagSpan
      if (back <= 0xff && !(back < WINDOW_FRAMES && (complete & (1 << back)) !== 0))
        partial.push({ back, bitmap: entry.pieces.bitmap() })
    }
    return { complete, check: check ?? 0, partial }
  }

  /** Drops what has not grown for `lifetime`; returns how many. */
  expire(lifetime: Millis, now: Millis): number {
    let dropped = 0
    for (const [tag, partial] of this.#partials) {
      // The same sum as in the deadline: a difference could round to the other side of it.
      if (partial.heardAt + lifetime > now) continue
      this.#partials.delete(tag)
      dropped++
    }
    return dropped
  }

  /** When the oldest unfinished frame was last heard of. */
  oldest(): Millis | undefined {
    let oldest: Millis | undefined
    for (const { heardAt } of this.#partials.values())
      if (oldest === undefined || heardAt < oldest) oldest = heardAt
    return oldest
  }

  #counterOf(tag: number, head: DataHead | undefined): bigint {
    if (this.#named) return BigInt(tag)
    return head === undefined
      ? rebuildCounter(this.#estimate, tag, 8)
      : rebuildCounter(this.#estimate, head.low, head.bits)
  }

  #partialFor(tag: number, counter: bigint, now: Millis): Partial {
    const known = this.#partials.get(tag)
    if (known?.counter === counter) return known
    const partial: Partial = { pieces: new Reassembly(MAX_BODY), counter, head: undefined, heardAt: now }
    this.#partials.delete(tag)
    this.#partials.set(tag, partial)
    if (this.#partials.size > MAX_PARTIALS) this.#partials.delete(this.#partials.keys().next().value!)
    return partial
  }

  #finish(tag: number, counter: bigint, head: DataHead | undefined, body: Uint8Array): ArrivalResult {
    this.#finished.delete(tag)
    this.#finished.set(tag, counter)
    if (this.#finished.size > MAX_FINISHED) this.#finished.delete(this.#finished.keys().next().value!)
    if (head !== undefined && counter > this.#estimate) this.#estimate = counter
    this.#ackAllowance = ACK_ALLOWANCE
    return { type: 'complete', body, head, counter }
  }

  #moveTo(counter: bigint): void {
    const distance = counter > this.#estimate ? counter - this.#estimate : this.#estimate - counter
    if (counter > this.#estimate || distance > ASTRAY) this.#estimate = counter
  }
}
