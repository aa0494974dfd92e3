/** Bounds of the tree and the damping of parent switches. */
import type { Millis } from '../time.ts'

/**
 * Most links between a node and its root that we believe, where nothing else is configured. A path is announced whole
 * (32 bytes a node), so a neighbour that invents a long one would make us spend airtime on it; real meshes stay far below.
 */
export const MAX_TREE_DEPTH = 64

/** At most one TreeAnnounce to a neighbour in this time. */
export const ANNOUNCE_MIN_INTERVAL: Millis = 500

/** The parent is looked at again, and our declaration repeated, this often even when nothing arrives. */
export const REEVALUATION_INTERVAL: Millis = 60_000

/** A discretionary candidate must be cheaper than the parent by this fraction. */
export const PARENT_HYSTERESIS = 0.2

/**
 * For so long after our root changed, shorter ways to it are still being found: whoever told of it first is rarely on the
 * shortest. They are taken at once, and no switch counts as a flap.
 */
export const YOUNG_TREE: Millis = 10_000
/** What a shorter way saves at least. Links that are as good as each other differ by less. */
export const YOUNG_GAIN = 0.5

export interface DampingLimits {
  /** After any declaration of ours, no discretionary switch for this long. */
  readonly holdDown: Millis
  /** This many switches within the window start a damping episode. */
  readonly flapThreshold: number
  readonly flapWindow: Millis
  /** No discretionary switch during an episode. */
  readonly flapDamping: Millis
}

export const DAMPING: DampingLimits = {
  holdDown: 30_000,
  flapThreshold: 4,
  flapWindow: 60_000,
  flapDamping: 120_000,
}

/** So often a parent that fell silent is left for another; after that it is kept until it is heard, gone, or this has passed. */
export const ESCAPES = 3
export const ESCAPES_PER_SECOND: number = 1 / 30

/** Decides when discretionary switches of the parent have to wait. Mandatory ones never ask. */
export class SwitchDamper {
  readonly #limits: DampingLimits
  #lastDeclaration: Millis | undefined
  #windowStart: Millis | undefined
  #switches = 0
  #dampedUntil: Millis | undefined

  constructor(limits: DampingLimits = DAMPING) {
    this.#limits = limits
  }

  /** We declared a parent; `changed` when it is another one than before. True when this starts a damping episode. */
  declared(changed: boolean, now: Millis): boolean {
    this.#lastDeclaration = now
    return changed && this.#countSwitch(now)
  }

  isDamped(now: Millis): boolean {
    return this.#dampedUntil !== undefined && now < this.#dampedUntil
  }

  suppresses(now: Millis): boolean {
    // The same sum as in `until`: a difference could round to the other side of it, and the timer would spin.
    const held = this.#lastDeclaration !== undefined && now < this.#lastDeclaration + this.#limits.holdDown
    return held || this.isDamped(now)
  }

  /** When `suppresses` turns false, if it is true at `now`. */
  until(now: Millis): Millis | undefined {
    if (!this.suppresses(now)) return undefined
    return Math.max((this.#lastDeclaration ?? now) + this.#limits.holdDown, this.#dampedUntil ?? 0)
  }

  #countSwitch(now: Millis): boolean {
    if (this.#dampedUntil !== undefined && now >= this.#dampedUntil) {
      this.#dampedUntil = undefined
      this.#windowStart = undefined
    }
    if (this.#windowStart === undefined || now - this.#windowStart >= this.#limits.flapWindow) {
      this.#windowStart = now
      this.#switches = 0
    }
    this.#switches++
    if (this.#switches < this.#limits.flapThreshold || this.isDamped(now)) return false
    this.#dampedUntil = now + this.#limits.flapDamping
    return true
  }
}
