/**
 * Which neighbour should be our parent. The tree has the smallest address as its root; among neighbours that lead to the
 * same root the one with the smallest effective depth (its depth plus the cost of the link to it) wins.
 *
 * Only usable neighbours count, also for finding the smallest root: one whose path runs through us, that we could not tell
 * of our place below it, or that does not forward must not make us look for a root that nobody here can lead us to.
 */
import type { Coordinates } from '../coordinates.ts'
import { depthOf, rootOf } from '../coordinates.ts'
import { NODE_ADDR_SIZE, type NodeAddr } from '../identity/index.ts'
import { MAX_TREE_DEPTH, YOUNG_GAIN } from './limits.ts'

/** What the choice depends on. */
export interface ParentQuestion {
  readonly self: NodeAddr
  /** Our present parent; ourselves when we are a root. */
  readonly parent: NodeAddr
  /** The path each neighbour announced. */
  readonly paths: ReadonlyMap<NodeAddr, Coordinates>
  /** Link costs (>= 1) of the neighbours that were measured. */
  readonly costs: ReadonlyMap<NodeAddr, number>
  /** Neighbours that should have been heard by now: a parent only when no other leads to the same root. Absent: none. */
  readonly silent?: ReadonlySet<NodeAddr>
  /** Neighbours that do not forward for others. */
  readonly skip: ReadonlySet<NodeAddr>
  /** The deepest place of ours that each neighbour can be told of. Absent: `MAX_TREE_DEPTH`. */
  readonly deepest?: ReadonlyMap<NodeAddr, number>
  /** Fraction by which a discretionary candidate must be cheaper. */
  readonly hysteresis: number
  /** Our root changed a moment ago, and shorter ways to it are still being found. Absent: it did not. */
  readonly isYoung?: boolean
}

export type ParentChoice =
  /** Stay as we are. */
  | { readonly type: 'keep' }
  /** The present parent is gone, silent, or leads to a worse root, or by a detour to a new one: switch whatever the damping says. */
  | { readonly type: 'mandatory'; readonly parent: NodeAddr }
  /** A cheaper way to the same root: switch unless damped. */
  | { readonly type: 'discretionary'; readonly parent: NodeAddr }
  /** Nobody can be our parent: be a root. */
  | { readonly type: 'be-root' }

/** Cost of a link nobody measured, when there is nothing better to compare with. */
const UNMEASURED_COST = 1

interface Candidate {
  readonly peer: NodeAddr
  readonly root: NodeAddr
  readonly isSilent: boolean
  /** It leaves room below us on every link of ours. */
  readonly hasRoom: boolean
  readonly measured: boolean
  readonly effectiveDepth: number
}

const KEEP: ParentChoice = { type: 'keep' }

export function chooseParent(question: ParentQuestion): ParentChoice {
  const { self, parent, hysteresis } = question
  const isRoot = parent === self
  const room = roomOf(question)
  const best = bestCandidate(question, room)
  if (best === undefined) return isRoot ? KEEP : { type: 'be-root' }
  if (best.peer === parent) return KEEP
  const current = isRoot ? undefined : candidateOf(parent, question, room)
  const isFallback = current !== undefined && current.isSilent && !best.isSilent
  if (current === undefined || isFallback || best.root < current.root)
    return { type: 'mandatory', parent: best.peer }
  // What saves a hop must not cost others their place.
  const placeDepth = best.hasRoom && !current.hasRoom ? Infinity : current.effectiveDepth
  if (question.isYoung === true && best.effectiveDepth <= placeDepth - YOUNG_GAIN)
    return { type: 'mandatory', parent: best.peer }
  // A measured link is known; an unmeasured one only looks cheap.
  const currentDepth = best.measured && !current.measured ? Infinity : placeDepth
  return best.effectiveDepth < currentDepth * (1 - hysteresis)
    ? { type: 'discretionary', parent: best.peer }
    : KEEP
}

/** No node has it. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an address in its notation
const LARGEST = 'f'.repeat(2 * NODE_ADDR_SIZE) as NodeAddr

/** The neighbour that would be our parent if every root were smaller than we are. */
export function chooseUpstream(question: Omit<ParentQuestion, 'self' | 'parent'>): NodeAddr | undefined {
  const ofAnybody = { ...question, self: LARGEST, parent: LARGEST }
  return bestCandidate(ofAnybody, roomOf(ofAnybody))?.peer
}

/** A neighbour with a larger root than ours should hear our announce, so that it can join us. */
export function shouldEcho(announcedRoot: NodeAddr, ourRoot: NodeAddr): boolean {
  return announcedRoot > ourRoot
}

/** The deepest place below which every neighbour could still take its own. */
function roomOf({ deepest }: ParentQuestion): number {
  let room = MAX_TREE_DEPTH
  if (deepest !== undefined && deepest.size > 0) room = Math.min(...deepest.values())
  return room - 1
}

function bestCandidate(question: ParentQuestion, room: number): Candidate | undefined {
  let best: Candidate | undefined
  for (const peer of question.paths.keys()) {
    const candidate = candidateOf(peer, question, room)
    if (candidate !== undefined && (best === undefined || isBetter(candidate, best))) best = candidate
  }
  return best
}

function candidateOf(peer: NodeAddr, question: ParentQuestion, room: number): Candidate | undefined {
  const path = question.paths.get(peer)
  if (path === undefined || question.skip.has(peer)) return undefined
  const root = rootOf(path)
  const depth = depthOf(path)
  const deepest = question.deepest?.get(peer) ?? MAX_TREE_DEPTH
  if (root >= question.self || depth >= deepest || path.includes(question.self)) return undefined
  const cost = question.costs.get(peer)
  return {
    peer,
    root,
    isSilent: question.silent?.has(peer) === true,
    hasRoom: depth < room,
    measured: cost !== undefined,
    effectiveDepth: depth + (cost ?? UNMEASURED_COST),
  }
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.root !== b.root) return a.root < b.root
  if (a.isSilent !== b.isSilent) return b.isSilent
  if (a.hasRoom !== b.hasRoom) return a.hasRoom
  if (a.measured !== b.measured) return a.measured
  if (a.effectiveDepth !== b.effectiveDepth) return a.effectiveDepth < b.effectiveDepth
  return a.peer < b.peer
}
