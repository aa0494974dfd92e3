/** Our place in the tree: our own declaration, what the neighbours declared, and the path that follows from both. */
import type { Coordinates } from '../coordinates.ts'
import { rootOf } from '../coordinates.ts'
import type { NodeAddr } from '../identity/index.ts'
import { TokenBucket } from '../token-bucket.ts'
import type { Millis, UnixSeconds } from '../time.ts'
import { chooseParent, chooseUpstream } from './decide.ts'
import type { ParentQuestion } from './decide.ts'
import { LatestDeclarations } from './latest.ts'
import type { DampingLimits } from './limits.ts'
import {
  DAMPING,
  ESCAPES,
  ESCAPES_PER_SECOND,
  PARENT_HYSTERESIS,
  SwitchDamper,
  YOUNG_TREE,
} from './limits.ts'
import type { AncestryEntry, Declaration, TreeAnnounce } from './wire.ts'

export interface TreeOptions {
  readonly hysteresis?: number
  readonly damping?: DampingLimits
}

/** What only the host of the tree knows, at the moment of a decision. */
export interface LinkFacts {
  /** Costs (>= 1) of the measured links. */
  readonly costs: ReadonlyMap<NodeAddr, number>
  /** Neighbours that should have been heard by now. Absent: none. */
  readonly silent?: ReadonlySet<NodeAddr>
  /** Neighbours that do not forward for others. */
  readonly skip: ReadonlySet<NodeAddr>
  /** The deepest place of ours that each neighbour can be told of. Absent: `MAX_TREE_DEPTH`. */
  readonly deepest?: ReadonlyMap<NodeAddr, number>
}

/** Our position changed. Sign the new declaration and tell every neighbour. */
export interface TreeChange {
  readonly parentChanged: boolean
  readonly rootChanged: boolean
  /** This switch started a damping episode. */
  readonly damped: boolean
}

/** One entry per neighbour that announced itself; `remove` when it leaves. */
export class TreeState {
  readonly self: NodeAddr
  readonly #hysteresis: number
  readonly #damper: SwitchDamper
  readonly #announces = new Map<NodeAddr, TreeAnnounce>()
  readonly #paths = new Map<NodeAddr, Coordinates>()
  readonly #latest = new LatestDeclarations()
  /** Two that have lost the same parent look to each other, see that neither leads anywhere, and would do so again and again. */
  readonly #escapes = new TokenBucket(ESCAPES, ESCAPES_PER_SECOND)
  #declaration: Declaration
  #coordinates: Coordinates
  #youngUntil: Millis = 0

  /** Starts as a root with sequence 1. */
  constructor(self: NodeAddr, wallClock: UnixSeconds, options: TreeOptions = {}) {
    this.self = self
    this.#hysteresis = options.hysteresis ?? PARENT_HYSTERESIS
    this.#damper = new SwitchDamper(options.damping ?? DAMPING)
    this.#declaration = { node: self, parent: self, sequence: 1n, timestamp: wallClock }
    this.#coordinates = [self]
  }

  get declaration(): Declaration {
    return this.#declaration
  }

  /** Ourselves first, the root last. */
  get coordinates(): Coordinates {
    return this.#coordinates
  }

  get root(): NodeAddr {
    return rootOf(this.#coordinates)
  }

  get isRoot(): boolean {
    return this.#declaration.parent === this.self
  }

  /** Our parent; ourselves when we are a root. */
  get parent(): NodeAddr {
    return this.#declaration.parent
  }

  /** The path for our TreeAnnounce, with what the parent last said of its ancestors. */
  ancestry(): readonly AncestryEntry[] {
    const { node, sequence, timestamp } = this.#declaration
    const above = this.isRoot ? [] : (this.#announces.get(this.parent)?.ancestry ?? [])
    return [{ node, sequence, timestamp }, ...above]
  }

  /**
   * What a neighbour is told that the path is too long for: that we are a root (docs/adr/0011-where-a-path-ends.md). A part of the
   * path would hide who is above us, and a ring could close.
   */
  cut(): Pick<TreeAnnounce, 'declaration' | 'ancestry'> {
    const { node, sequence, timestamp } = this.#declaration
    return {
      declaration: { ...this.#declaration, parent: node },
      ancestry: [{ node, sequence, timestamp }],
    }
  }

  /** What a neighbour announced last. */
  announceOf(peer: NodeAddr): TreeAnnounce | undefined {
    return this.#announces.get(peer)
  }

  coordinatesOf(peer: NodeAddr): Coordinates | undefined {
    return this.#paths.get(peer)
  }

  /** A parent of ours, or a child: a neighbour that declared us as its parent. */
  isTreePeer(peer: NodeAddr): boolean {
    return (!this.isRoot && peer === this.parent) || this.isChild(peer)
  }

  isChild(peer: NodeAddr): boolean {
    return peer !== this.self && this.#announces.get(peer)?.declaration.parent === this.self
  }

  /** Only a higher sequence is news; the timestamp does not matter. Ask before verifying: it saves the signature. */
  isFresh(declaration: Declaration): boolean {
    const known = this.#announces.get(declaration.node)
    return known === undefined || declaration.sequence > known.declaration.sequence
  }

  /** Stores a verified announce of a neighbour. False when it is not fresh. Call `evaluate` afterwards. */
  update(announce: TreeAnnounce, now: Millis): boolean {
    const { declaration } = announce
    if (!this.isFresh(declaration)) return false
    this.#latest.note(announce.ancestry, now)
    this.#announces.set(declaration.node, announce)
    this.#paths.set(
      declaration.node,
      announce.ancestry.map((entry) => entry.node),
    )
    return true
  }

  /** Forgets a neighbour; its next announce is fresh whatever its sequence. Call `evaluate` afterwards. */
  remove(peer: NodeAddr): void {
    this.#announces.delete(peer)
    this.#paths.delete(peer)
  }

  /**
   * Decides and applies: after an announce, after a neighbour left, and every `REEVALUATION_INTERVAL`. Undefined when our
   * position stays what it is.
   */
  evaluate(facts: LinkFacts, wallClock: UnixSeconds, now: Millis): TreeChange | undefined {
    const parent = this.#newParent(facts, now)
    return parent === undefined ? this.#followParent(wallClock, now) : this.#declare(parent, wallClock, now)
  }

  /** The neighbour that would be our parent if every root were smaller than we are. */
  upstream(facts: LinkFacts): NodeAddr | undefined {
    return chooseUpstream(this.#question(facts, this.#paths))
  }

  /** Whether a cheaper parent has to wait at `now`. */
  isSuppressed(now: Millis): boolean {
    return this.#damper.suppresses(now)
  }

  isDamped(now: Millis): boolean {
    return this.#damper.isDamped(now)
  }

  /** When a suppressed switch may be looked at again. */
  suppressedUntil(now: Millis): Millis | undefined {
    return this.#damper.until(now)
  }

  /** The parent to declare; ourselves to become a root, undefined to stay. */
  #newParent(facts: LinkFacts, now: Millis): NodeAddr | undefined {
    const question = this.#question(facts, this.#standing(now))
    const choice = chooseParent({ ...question, isYoung: now < this.#youngUntil })
    if (choice.type === 'keep') return undefined
    if (choice.type === 'be-root') return this.self
    if (choice.type === 'discretionary' && this.#damper.suppresses(now)) return undefined
    if (facts.silent?.has(this.parent) === true && !this.#escapes.take(now)) return undefined
    return choice.parent
  }

  #question(facts: LinkFacts, paths: ReadonlyMap<NodeAddr, Coordinates>): ParentQuestion {
    return {
      ...facts,
      self: this.self,
      parent: this.parent,
      paths,
      hysteresis: this.#hysteresis,
    }
  }

  /** Paths that somebody on them has left since are believed of nobody but the parent, who will say so itself. */
  #standing(now: Millis): ReadonlyMap<NodeAddr, Coordinates> {
    const standing = new Map<NodeAddr, Coordinates>()
    for (const [peer, path] of this.#paths) {
      const { ancestry } = this.#announces.get(peer)!
      if (peer === this.parent || !this.#latest.isOutdated(ancestry, now)) standing.set(peer, path)
    }
    return standing
  }

  /** The parent stays, but its own path may have changed, and ours with it. */
  #followParent(wallClock: UnixSeconds, now: Millis): TreeChange | undefined {
    if (this.isRoot || samePath(this.#pathVia(this.parent), this.#coordinates)) return undefined
    return this.#declare(this.parent, wallClock, now)
  }

  #declare(parent: NodeAddr, wallClock: UnixSeconds, now: Millis): TreeChange {
    const previousRoot = this.root
    const parentChanged = parent !== this.parent
    this.#declaration = {
      node: this.self,
      parent,
      sequence: this.#declaration.sequence + 1n,
      timestamp: wallClock,
    }
    this.#coordinates = this.#pathVia(parent)
    const rootChanged = this.root !== previousRoot
    if (rootChanged) this.#youngUntil = now + YOUNG_TREE
    const isFlap = parentChanged && now >= this.#youngUntil
    // Becoming a root is no choice between parents, so it neither holds down nor counts as a flap.
    const damped = parent !== this.self && this.#damper.declared(isFlap, now)
    return { parentChanged, rootChanged, damped }
  }

  #pathVia(parent: NodeAddr): Coordinates {
    return parent === this.self ? [this.self] : [this.self, ...this.#paths.get(parent)!]
  }
}

function samePath(a: Coordinates, b: Coordinates): boolean {
  return a.length === b.length && a.every((node, index) => node === b[index])
}
