/** Peers we are to be connected with: tried path by path, with back-off, and for ever when they are persistent. */
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import type { TransportId } from '../link.ts'
import type { Peer } from '../peer/index.ts'
import { redialDelay } from '../peer/index.ts'
import { randomUnit } from '../random.ts'
import type { Millis } from '../time.ts'
import type { PeerPath } from './api.ts'
import type { NodeContext } from './context.ts'

/**
 * Peers dialled in passing at once: stations that announce themselves on an open medium may be anybody's invention. When
 * full a new one is not dialled. Those that are to stand are as many as the operator configured.
 */
const MAX_PASSING_PLANS = 256

/** Share of the wait that is drawn at random on top: nodes that lost the same hub do not come back as one. */
const REDIAL_JITTER = 0.2

export interface DialPlan {
  readonly addr: NodeAddr
  readonly publicKey: PublicKey
  /** By priority. */
  paths: readonly PeerPath[]
  persistent: boolean
  /** Dialled only while traffic for it waits. */
  readonly isOnDemand: boolean
  /** The path to try next, or the number of paths when a round is over. */
  nextPath: number
  /** Rounds without success since the link was last up. */
  failures: number
}

/** Begin a handshake; false when that is not possible at this moment. */
export interface Dial {
  newLink(addr: NodeAddr, publicKey: PublicKey, path: PeerPath, now: Millis): boolean
  /** Beside a link that stands. */
  otherPath(peer: Peer, path: PeerPath, now: Millis): boolean
}

export interface DialOptions {
  readonly persistent: boolean
  readonly isOnDemand: boolean
}

export class Dialer {
  readonly #ctx: NodeContext
  readonly #dial: Dial
  readonly #plans = new Map<NodeAddr, DialPlan>()

  constructor(ctx: NodeContext, dial: Dial) {
    this.#ctx = ctx
    this.#dial = dial
  }

  plans(): Iterable<DialPlan> {
    return this.#plans.values()
  }

  /** Whether the configuration, or the host since, named this peer. */
  isConfigured(addr: NodeAddr): boolean {
    return this.#plans.has(addr)
  }

  connect(
    addr: NodeAddr,
    publicKey: PublicKey,
    paths: readonly PeerPath[],
    { persistent, isOnDemand }: DialOptions,
    now: Millis,
  ): void {
    if (addr === this.#ctx.identity.nodeAddr || this.#ctx.accessLists.isDenied(addr)) return
    if (!persistent && !this.#plans.has(addr) && this.#passingCount() >= MAX_PASSING_PLANS) return
    const sorted = [...paths].sort((a, b) => a.priority - b.priority)
    this.#plans.set(addr, {
      addr,
      publicKey: publicKey.slice(),
      paths: sorted,
      persistent: persistent || (this.#plans.get(addr)?.persistent ?? false),
      isOnDemand,
      nextPath: 0,
      failures: 0,
    })
    const peer = this.#ctx.peers.get(addr)
    if (peer?.up !== undefined) this.#tryBetterPath(peer, sorted, now)
    else if (!isOnDemand) this.attempt(addr, now)
  }

  /** Traffic for a node waits: it is dialled if that is what it is for, unless it is already, or has just been. */
  wanted(addr: NodeAddr, now: Millis): void {
    if (this.#plans.get(addr)?.isOnDemand !== true) return
    if (this.#ctx.timers.get('dial', addr) === undefined) this.attempt(addr, now)
  }

  forget(addr: NodeAddr): void {
    this.#plans.delete(addr)
    this.#ctx.timers.clear('dial', addr)
  }

  /** Tries the next path whose transport is up; after the last one waits. Nothing to do while linked or trying. */
  attempt(addr: NodeAddr, now: Millis): void {
    const plan = this.#plans.get(addr)
    const peer = this.#ctx.peers.get(addr)
    if (plan === undefined || peer?.up !== undefined || peer?.attempt !== undefined) return
    const bannedUntil = this.#ctx.violations.bannedUntil(addr, now)
    if (bannedUntil !== undefined) {
      this.#ctx.timers.set('dial', addr, bannedUntil)
      return
    }
    while (plan.nextPath < plan.paths.length) {
      const path = plan.paths[plan.nextPath]
      plan.nextPath += 1
      if (path === undefined || !this.#ctx.transports.has(path.transportId)) continue
      if (this.#dial.newLink(addr, plan.publicKey, path, now)) {
        this.#ctx.timers.clear('dial', addr)
        return
      }
    }
    this.#roundFailed(plan, now)
  }

  linkUp(addr: NodeAddr): void {
    const plan = this.#plans.get(addr)
    if (plan === undefined) return
    plan.failures = 0
    plan.nextPath = 0
    this.#ctx.timers.clear('dial', addr)
  }

  /** A link ended; one that must stand is dialled again soon. */
  linkDown(addr: NodeAddr, now: Millis): void {
    const plan = this.#plans.get(addr)
    if (plan === undefined) return
    if (!plan.persistent) {
      this.forget(addr)
      return
    }
    plan.nextPath = 0
    if (!plan.isOnDemand) this.#wait(plan, now)
  }

  /** A transport is up: whoever can be reached over it need not wait any longer. */
  transportUp(transportId: TransportId, now: Millis): void {
    for (const plan of this.#plans.values()) {
      if (plan.isOnDemand || !plan.paths.some((path) => path.transportId === transportId)) continue
      plan.nextPath = 0
      this.attempt(plan.addr, now)
    }
  }

  /** The path of the link is given up only for one that is preferred to it, and when that has answered. */
  #tryBetterPath(peer: Peer, paths: readonly PeerPath[], now: Millis): void {
    const { transportId, addr } = peer.path
    const present = paths.find((path) => path.transportId === transportId && path.addr === addr)
    const limit = present?.priority ?? Infinity
    for (const path of paths) {
      if (path.priority >= limit) return
      if (this.#dial.otherPath(peer, path, now)) return
    }
  }

  #passingCount(): number {
    let count = 0
    for (const plan of this.#plans.values()) if (!plan.persistent) count++
    return count
  }

  #roundFailed(plan: DialPlan, now: Millis): void {
    plan.failures += 1
    plan.nextPath = 0
    if (!plan.persistent && plan.failures > this.#ctx.config.retry.maxRetries) {
      this.forget(plan.addr)
      return
    }
    if (plan.isOnDemand && plan.failures > this.#ctx.config.retry.maxRetries) {
      plan.failures = 0
      this.#ctx.timers.clear('dial', plan.addr)
      return
    }
    this.#wait(plan, now)
  }

  /** Without a transport there is nothing to wait for but `transportUp`. */
  #wait(plan: DialPlan, now: Millis): void {
    const { timers, transports, config, rng } = this.#ctx
    if (!plan.paths.some((path) => transports.has(path.transportId))) {
      timers.clear('dial', plan.addr)
      return
    }
    const delay = redialDelay(config, Math.max(0, plan.failures - 1))
    timers.set('dial', plan.addr, now + delay * (1 + REDIAL_JITTER * randomUnit(rng)))
  }
}
