/**
 * SessionDatagrams: ours go out, those for us go up, the rest goes one hop closer to its destination. What cannot go on
 * is answered with an error signal to its source, within limits.
 */
import {
  decodeSessionDatagram,
  encodeSessionDatagram,
  encodeSignal,
  isGreeting,
  rewriteHop,
  type SessionDatagram,
  PATH_MTU_UNSET,
  type ErrorSignal,
} from '../fsp/index.ts'
import type { Coordinates } from '../coordinates.ts'
import { Crowds } from '../crowds.ts'
import { LINK_OVERHEAD, MESSAGE_TYPE_SIZE } from '../fmp/index.ts'
import type { NodeAddr } from '../identity/index.ts'
import type { FrameClass } from '../link.ts'
import type { Counters } from '../node/counters.ts'
import type { Neighbour } from '../node/layers.ts'
import { canTravel, classifyRoute, errorLimiter, headerAfterHop, type RouteClass } from '../routing/index.ts'
import type { Arrival } from '../session/index.ts'
import { KeyedBuckets } from '../token-bucket.ts'
import type { Millis } from '../time.ts'
import { Circles } from './circles.ts'
import { positionOf, routeTo, type MeshContext } from './context.ts'
import { Copies, sendCopies } from './copies.ts'
import { transitClass } from './frame-class.ts'
import { isFromLeaf, placeLeaf } from './leaf-places.ts'
import { nextHop, type NextHop } from './next-hop.ts'
import { Repeats } from './repeats.ts'
import { warmFrom } from './warm.ts'

/** A neighbour that comes back sets off many at once, for all who send through it. */
const SIGNAL_BURST = 200
const SIGNALS_PER_SECOND = 50

/**
 * Stock ends repeat a setup after 1, 3 and 7 s and each copy is answered, while the first answer takes ten over a radio, which
 * repeats lost frames itself: a copy within this time is for impatience and says nothing new, a later one is for a loss.
 */
const RADIO_REPEAT_MS: Millis = 10_000

/** A SessionSetup that waits for its turn. */
interface Greeting {
  readonly message: Uint8Array
  readonly told: Coordinates | undefined
  readonly congested: boolean
}

export class Forwarder {
  readonly #context: MeshContext
  readonly #deliver: (arrival: Arrival, now: Millis) => void
  readonly #find: (destination: NodeAddr, now: Millis) => void
  readonly #errors = errorLimiter()
  /** The node they are for answers so many of a neighbour and no more: one that floods it must not use up ours. */
  readonly #greetings = new Crowds<Greeting>()
  /** Signals that what one neighbour brings may cause. */
  readonly #signals = new KeyedBuckets(SIGNAL_BURST, SIGNALS_PER_SECOND)
  readonly #overRadio: Repeats
  readonly #copies: Copies
  readonly #circles = new Circles()

  /** `find` looks for a node on behalf of a leaf. */
  constructor(
    context: MeshContext,
    deliver: (arrival: Arrival, now: Millis) => void,
    find: (destination: NodeAddr, now: Millis) => void,
  ) {
    this.#context = context
    this.#deliver = deliver
    this.#find = find
    this.#overRadio = new Repeats(context.identity.crypto, RADIO_REPEAT_MS)
    this.#copies = new Copies(context)
  }

  /** A SessionDatagram from a neighbour, with its type byte. Its header is rewritten when it goes on. */
  received(from: NodeAddr, message: Uint8Array, congested: boolean, now: Millis): void {
    const { counters, identity } = this.#context
    const size = message.length - MESSAGE_TYPE_SIZE
    counters.forwarding.receivedPackets++
    counters.forwarding.receivedBytes += size
    const decoded = decodeSessionDatagram(message)
    if (!decoded.ok) {
      counters.forwarding.decodeErrorPackets++
      counters.forwarding.decodeErrorBytes += size
      return
    }
    const fromLeaf = isFromLeaf(this.#context, decoded.value, from)
    const datagram = fromLeaf ? placeLeaf(this.#context, decoded.value, now) : decoded.value
    if (datagram.destination === identity.nodeAddr) {
      counters.forwarding.deliveredPackets++
      counters.forwarding.deliveredBytes += size
      const { source, payload, pathMtu } = datagram
      this.#deliver({ source, via: from, payload, pathMtu, congested }, now)
      return
    }
    if (this.#copies.isCopy(decoded.value, from, now)) {
      counters.forwarding.dropCopiedPackets++
      counters.forwarding.dropCopiedBytes += size
      return
    }
    const told = warmFrom(this.#context, datagram, from, now)
    if (fromLeaf) this.#askForLeaf(datagram.destination, now)
    const onward = datagram === decoded.value ? message : encodeSessionDatagram(datagram)
    if (!canTravel(datagram)) {
      counters.forwarding.ttlExhaustedPackets++
      counters.forwarding.ttlExhaustedBytes += size
    } else if (!isGreeting(datagram.payload) || this.#greetings.take(datagram.destination, now)) {
      this.#forward(from, onward, datagram, told, congested, now)
    } else {
      const kept = { message: onward.slice(), told, congested }
      if (this.#greetings.hold(datagram.destination, from, kept, now)) return
      counters.forwarding.dropCrowdedPackets++
      counters.forwarding.dropCrowdedBytes += size
    }
  }

  tick(now: Millis): void {
    for (const { item, from } of this.#greetings.takeDue(now)) {
      const decoded = decodeSessionDatagram(item.message)
      if (decoded.ok) this.#forward(from, item.message, decoded.value, item.told, item.congested, now)
    }
  }

  deadline(): Millis | undefined {
    return this.#greetings.deadline()
  }

  /** Sends a payload of ours. False when there is no route or the first link does not take it. */
  originate(destination: NodeAddr, payload: Uint8Array, frameClass: FrameClass, now: Millis): boolean {
    const { config, counters, identity } = this.#context
    const route = routeTo(this.#context, destination, now)
    if (route.type !== 'forward') return false
    const message = encodeSessionDatagram({
      ttl: config.session.defaultTtl,
      pathMtu: Math.min(PATH_MTU_UNSET, route.via.mtu),
      source: identity.nodeAddr,
      destination,
      payload,
    })
    const copies = this.#copies.towards(route.via, payload, frameClass, now)
    if (!sendCopies(this.#context, copies, route.via, message, frameClass, now)) return false
    counters.forwarding.originatedPackets++
    counters.forwarding.originatedBytes += message.length
    return true
  }

  /** A leaf asks nobody where its destination is. Its next try finds the answer here. */
  #askForLeaf(destination: NodeAddr, now: Millis): void {
    if (routeTo(this.#context, destination, now).type === 'unknown-position') this.#find(destination, now)
  }

  /** `told`: the destination's position, where the datagram carries it. */
  #forward(
    from: NodeAddr,
    message: Uint8Array,
    datagram: SessionDatagram,
    told: Coordinates | undefined,
    congested: boolean,
    now: Millis,
  ): void {
    const { counters } = this.#context
    const { destination } = datagram
    const size = message.length - MESSAGE_TYPE_SIZE
    // What all on the way are told alike makes them agree, where what each of them remembers may lead in a circle.
    const position = told ?? positionOf(this.#context, destination, now)
    const hop = this.#nextHop(from, destination, position, now)
    const next = hop.isLed || !this.#circles.isClosed(datagram, now) ? hop.via : undefined
    if (hop.isNews || next === undefined) this.#signalNoRoute(datagram, from, now)
    if (next === undefined) {
      counters.forwarding.dropNoRoutePackets++
      counters.forwarding.dropNoRouteBytes += size
      return
    }
    const header = headerAfterHop(datagram, next.mtu)
    if (header === undefined) return
    if (message.length + LINK_OVERHEAD > next.mtu) {
      counters.forwarding.dropMtuExceededPackets++
      counters.forwarding.dropMtuExceededBytes += size
      this.#signal(
        datagram,
        {
          type: 'mtu-exceeded',
          destination,
          reporter: this.#context.identity.nodeAddr,
          mtu: next.mtu,
        },
        from,
        now,
      )
      return
    }
    const frameClass = transitClass(datagram.payload)
    const isRepeatable = next.profile === 'constrained' && frameClass === 'handshake'
    if (isRepeatable && this.#overRadio.isRepeat(datagram, now)) {
      counters.forwarding.dropRepeatedHandshakes++
      return
    }
    const congestedHere = this.#context.config.ecn.enabled && next.congested === true
    if (congestedHere) counters.congestion.congestionDetected++
    const mark = congested || congestedHere
    rewriteHop(message, header.ttl, header.pathMtu)
    const copies = this.#copies.towards(next, datagram.payload, frameClass, now)
    if (!sendCopies(this.#context, copies, next, message, frameClass, now, mark)) {
      counters.forwarding.dropSendErrorPackets++
      counters.forwarding.dropSendErrorBytes += size
      return
    }
    counters.forwarding.forwardedPackets++
    counters.forwarding.forwardedBytes += size
    if (mark) counters.congestion.ceForwarded++
    this.#countRoute(destination, position, next)
  }

  #nextHop(from: NodeAddr, destination: NodeAddr, position: Coordinates | undefined, now: Millis): NextHop {
    if (this.#context.config.leafOnly) return { via: undefined, isNews: true, isLed: false }
    return nextHop(this.#context, from, destination, position, now)
  }

  #countRoute(destination: NodeAddr, position: Coordinates | undefined, next: Neighbour): void {
    const routeClass = classifyRoute(this.#context.link.ownCoordinates(), destination, position, next)
    this.#context.counters.forwarding[ROUTE_COUNTERS[routeClass]]++
  }

  /** Tells the source that its datagram is stuck here, and whether that is for want of a position or of a way. */
  #signalNoRoute(datagram: SessionDatagram, from: NodeAddr, now: Millis): void {
    const { destination } = datagram
    const reporter = this.#context.identity.nodeAddr
    const position = positionOf(this.#context, destination, now)
    this.#signal(
      datagram,
      position === undefined
        ? { type: 'coords-required', destination, reporter }
        : { type: 'path-broken', destination, reporter, lastCoordinates: position },
      from,
      now,
    )
  }

  #signal(about: SessionDatagram, signal: ErrorSignal, from: NodeAddr, now: Millis): void {
    if (!this.#errors.pass(about.destination, now)) return
    if (!this.#signals.take(from, now)) {
      this.#context.counters.errors.flooded++
      return
    }
    this.originate(about.source, encodeSignal(signal), 'interactive', now)
  }
}

export type RouteCounter = Extract<keyof Counters['forwarding'], `route${string}`>

/** Where forwarded packets are counted by the use they make of the tree. */
export const ROUTE_COUNTERS: Readonly<Record<RouteClass, RouteCounter>> = {
  'direct-peer': 'routeDirectPeer',
  'tree-up': 'routeTreeUp',
  'tree-down': 'routeTreeDown',
  'tree-down-cross': 'routeTreeDownCross',
  'crosslink-descend': 'routeCrosslinkDescend',
  'crosslink-ascend': 'routeCrosslinkAscend',
}
