/**
 * Leaf dependants: peers that are linked and take no part in the tree, as microcontrollers do. Nobody finds them by
 * an announce of theirs, so they stand in our filters, their place in the tree is one hop below ours, and their link is
 * fed with what keeps it.
 */
import type { Peer } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { NodeContext } from './context.ts'
import type { Filters } from './filters.ts'
import type { LinkReports } from './link-reports.ts'
import type { Tree } from './tree.ts'

export interface LeafServices {
  readonly tree: Tree
  readonly filters: Filters
  readonly reports: LinkReports
}

export class Leaves {
  readonly #ctx: NodeContext
  readonly #services: LeafServices

  constructor(ctx: NodeContext, services: LeafServices) {
    this.#ctx = ctx
    this.#services = services
  }

  linkUp(peer: Peer, now: Millis): void {
    this.#ctx.timers.set('leaf', peer.addr, now + peer.timers.leafGraceMs)
  }

  /** The timer of the grace period. */
  graceOver(peer: Peer, now: Millis): void {
    const { tree, filters, reports } = this.#services
    if (peer.up === undefined || tree.coordinatesOf(peer.addr) !== undefined) return
    peer.up.isLeaf = true
    reports.serveLeaf(peer, now)
    if (!this.#ctx.config.leafOnly) filters.addLeaf(peer, now)
  }

  /** A peer said where it is in the tree, perhaps late. */
  announced(peer: Peer, now: Millis): void {
    this.#ctx.timers.clear('leaf', peer.addr)
    if (peer.up?.isLeaf !== true) return
    peer.up.isLeaf = false
    peer.up.isRekeyFutile = false
    this.#services.filters.removeLeaf(peer, now)
  }
}
