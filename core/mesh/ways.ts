/** Where plain traffic goes next, asked once for many packets. */
import { AddrTable } from '../addr-table.ts'
import type { Coordinates } from '../coordinates.ts'
import { nodeAddrAt, type NodeAddr } from '../identity/index.ts'
import { classifyRoute } from '../routing/index.ts'
import type { Millis } from '../time.ts'
import { positionOf, routeTo, type MeshContext } from './context.ts'
import { isLossy, mayCopy } from './copies.ts'
import { isAstray, isDenied } from './next-hop.ts'
import { ROUTE_COUNTERS, type RouteCounter } from './forwarder.ts'

/** Destinations at once, some 100 B each; more of them in use share slots and are asked for again. */
const SLOTS = 1024

/** A way is asked for again after this, which keeps the destination's position alive as each packet would. */
const WAY_LIFE_MS: Millis = 1000

/** A next hop over a stock link. */
export interface Way {
  readonly destination: NodeAddr
  readonly via: NodeAddr
  /** Largest FMP frame of its link, bytes. */
  readonly mtu: number
  /** What goes over it carries the congestion mark. */
  readonly isCongested: boolean
  /** Small datagrams leave in copies, which the forwarder makes. */
  readonly isCopied: boolean
  readonly counter: RouteCounter
  /** Neighbours whose traffic for the destination has lost its way when it comes here. */
  readonly astray: ReadonlySet<NodeAddr>
  /** Neighbours whose small datagrams may be copies, which the forwarder knows. */
  readonly copiers: ReadonlySet<NodeAddr>
}

interface Answer {
  readonly to: Way | 'here' | undefined
  readonly until: Millis
}

export class Ways {
  readonly #context: MeshContext
  readonly #answers = new AddrTable<Answer>(SLOTS)

  constructor(context: MeshContext) {
    this.#context = context
  }

  /** Towards the 16 bytes at `at`. Undefined when it takes more than the next hop to decide: that is not for the data path. */
  towards(bytes: Uint8Array, at: number, now: Millis): Way | 'here' | undefined {
    let answer = this.#answers.get(bytes, at)
    if (answer === undefined || now >= answer.until) {
      const destination = nodeAddrAt(bytes, at)
      answer = { to: this.#ask(destination, now), until: now + WAY_LIFE_MS }
      this.#answers.put(bytes, at, answer)
    }
    return answer.to
  }

  /** Something happened by which ways may have changed. */
  forget(): void {
    this.#answers.forgetAll()
  }

  #ask(destination: NodeAddr, now: Millis): Way | 'here' | undefined {
    const { identity, config } = this.#context
    if (destination === identity.nodeAddr) return 'here'
    const position: Coordinates | undefined = positionOf(this.#context, destination, now)
    const route = routeTo(this.#context, destination, now, position)
    // Over a constrained link the forwarder looks for repeats, and sessions keep another pace.
    if (route.type !== 'forward' || route.via.profile !== 'stock') return undefined
    if (isDenied(this.#context, destination, position)) return undefined
    const { via } = route
    const [astray, copiers] = [new Set<NodeAddr>(), new Set<NodeAddr>()]
    for (const neighbour of this.#context.link.neighbours()) {
      const { addr } = neighbour
      if (addr === via.addr || isAstray(this.#context, addr, destination, position)) astray.add(addr)
      if (mayCopy(neighbour)) copiers.add(addr)
    }
    return {
      destination,
      astray,
      via: via.addr,
      mtu: via.mtu,
      isCopied: isLossy(via),
      copiers,
      isCongested: config.ecn.enabled && via.congested === true,
      counter: ROUTE_COUNTERS[classifyRoute(this.#context.link.ownCoordinates(), destination, position, via)],
    }
  }
}
