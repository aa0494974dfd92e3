/**
 * The keys of a session: the ones in use, the next ones while a rekey completes, the last ones while their frames
 * are still on the way. Frames name their epoch by the K bit, but it is a hint only: every key is tried.
 */
import type { Cipher } from '../crypto/index.ts'
import { ReplayWindow } from '../fmp/index.ts'
import { openSession, type OpenedPayload, type SealedPayload } from '../fsp/index.ts'
import type { Millis } from '../time.ts'

export type EpochSlot = 'current' | 'pending' | 'previous'

/** One pair of transport keys with its counters. */
export class KeyEpoch {
  readonly sealer: Cipher
  readonly opener: Cipher
  readonly replay: ReplayWindow = new ReplayWindow()
  readonly startedAt: Millis
  #nextCounter = 0

  constructor(sealer: Cipher, opener: Cipher, startedAt: Millis) {
    this.sealer = sealer
    this.opener = opener
    this.startedAt = startedAt
  }

  /** Frames sealed so far; the counter of the next one. */
  get sendCounter(): number {
    return this.#nextCounter
  }

  /** A counter never given out before. */
  takeCounter(): number {
    return this.#nextCounter++
  }
}

export class KeyEpochs {
  #current: KeyEpoch | undefined
  #pending: KeyEpoch | undefined
  #previous: KeyEpoch | undefined
  #previousUsedAt: Millis = 0
  #keyBit = false

  get current(): KeyEpoch | undefined {
    return this.#current
  }

  get pending(): KeyEpoch | undefined {
    return this.#pending
  }

  get isDraining(): boolean {
    return this.#previous !== undefined
  }

  /** The K bit of frames we send under the current keys. */
  get keyBit(): boolean {
    return this.#keyBit
  }

  /** First keys of the session, or keys for a peer that has restarted: nothing older can be in use there. */
  replaceAll(epoch: KeyEpoch): void {
    this.#current = epoch
    this.#pending = undefined
    this.#previous = undefined
    this.#keyBit = false
  }

  /**
   * Keys of a completed rekey wait until the peer uses them. Keys that were already waiting become the current
   * ones: a peer starts another rekey only once it has moved to them.
   */
  addPending(epoch: KeyEpoch, now: Millis): void {
    if (this.#pending !== undefined) this.promote(now)
    this.#pending = epoch
  }

  /** Moves to the pending keys; the ones in use stay for what is on the way. False when none are pending. */
  promote(now: Millis): boolean {
    if (this.#pending === undefined) return false
    this.#previous = this.#current
    this.#previousUsedAt = now
    this.#current = this.#pending
    this.#pending = undefined
    this.#keyBit = !this.#keyBit
    return true
  }

  /**
   * Opens a frame under whichever keys fit, those the K bit points to first. Undefined when none do or the frame
   * is a replay under the keys that fit.
   */
  open(
    payload: SealedPayload,
    now: Millis,
  ): { readonly opened: OpenedPayload; readonly slot: EpochSlot } | undefined {
    const { counter, keyEpoch } = payload
    const order = this.#pending !== undefined && keyEpoch !== this.#keyBit ? PENDING_FIRST : CURRENT_FIRST
    for (const slot of order) {
      const epoch = this.#at(slot)
      if (epoch === undefined || !epoch.replay.check(counter)) continue
      const opened = openSession(epoch.opener, payload)
      if (opened === undefined) continue
      epoch.replay.accept(counter)
      if (slot === 'previous') this.#previousUsedAt = now
      return { opened, slot }
    }
    return undefined
  }

  /** Whether a frame with this counter came under the keys in use, or is too old to tell. */
  hasSeen(counter: bigint): boolean {
    return this.#current?.replay.check(counter) === false
  }

  /** Forgets the previous keys once unused for `drainMs`. */
  drain(now: Millis, drainMs: Millis): void {
    if (now >= this.drainDeadline(drainMs)) this.#previous = undefined
  }

  /** When the previous keys are forgotten; Infinity without any. */
  drainDeadline(drainMs: Millis): Millis {
    return this.#previous === undefined ? Infinity : this.#previousUsedAt + drainMs
  }

  #at(slot: EpochSlot): KeyEpoch | undefined {
    switch (slot) {
      case 'current':
        return this.#current
      case 'pending':
        return this.#pending
      case 'previous':
        return this.#previous
    }
  }
}

const CURRENT_FIRST: readonly EpochSlot[] = ['current', 'pending', 'previous']
const PENDING_FIRST: readonly EpochSlot[] = ['pending', 'current', 'previous']
