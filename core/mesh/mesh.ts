/**
 * The mesh half of a node: takes datagrams and lookups from neighbours and packets from the host, and composes
 * forwarding, lookup and sessions. The link half below it is only seen through `LinkLayer`.
 */
import { equalBytes } from '../bytes.ts'
import { decompressIpv6, markCongestion, PORT_IPV6, type ErrorSignal } from '../fsp/index.ts'
import { LINK_MESSAGE_TYPES } from '../fmp/index.ts'
import { ipv6Of, type Identity, type NodeAddr, type PublicKey } from '../identity/index.ts'
import type { NodeConfig } from '../node/config.ts'
import type { Counters } from '../node/counters.ts'
import type { DataLink, LinkLayer, MeshInput, MeshLayer } from '../node/layers.ts'
import type { MeshViews } from '../node/views.ts'
import type { Rng } from '../random.ts'
import { CoordinateCache } from '../routing/index.ts'
import {
  paceOf,
  Sessions,
  type DataMessage,
  type Pace,
  type Session,
  type SessionEvents,
  type SessionHost,
} from '../session/index.ts'
import type { Millis } from '../time.ts'
import { rootOf, type Coordinates } from '../coordinates.ts'
import { positionOf, routeTo, type MeshContext } from './context.ts'
import { mayCopy } from './copies.ts'
import { DataPath } from './data-path.ts'
import { Forwarder } from './forwarder.ts'
import { IdentityCache } from './identity-cache.ts'
import { Lookups } from './lookups.ts'
import { Outbound } from './outbound.ts'
import { Signals } from './signals.ts'
import { Views } from './views.ts'
import { SlowTargets } from './slow-targets.ts'
import { notePosition } from './warm.ts'

/** How often a session's first link is looked at for its kind: asking for the route at each frame would cost more. */
const PATH_CHECK_MS: Millis = 1000

export interface MeshInit {
  readonly identity: Identity
  readonly rng: Rng
  readonly config: NodeConfig
  readonly counters: Counters
  readonly link: LinkLayer
  /** EPOCH_SIZE random bytes of this start of the node, the same as its link handshakes carry. */
  readonly epoch: Uint8Array
  /** Present when the node has a data path. */
  readonly dataLink?: DataLink | undefined
}

export class Mesh implements MeshLayer {
  readonly views: MeshViews
  readonly data: DataPath | undefined
  readonly #context: MeshContext
  readonly #forwarder: Forwarder
  readonly #lookups: Lookups
  readonly #sessions: Sessions
  readonly #outbound: Outbound
  readonly #signals: Signals
  readonly #slowTargets = new SlowTargets()
  readonly #stockPace: Pace
  readonly #constrainedPace: Pace
  /** The instant of the step under way, for the views. */
  #now: Millis = 0

  constructor(init: MeshInit) {
    const { config, link } = init
    const context: MeshContext = {
      identity: init.identity,
      rng: init.rng,
      config,
      counters: init.counters,
      link,
      positions: new CoordinateCache({
        maxEntries: config.cache.coordSize,
        ttl: config.cache.coordTtlSecs * 1000,
      }),
      identities: new IdentityCache(config.cache.identitySize),
    }
    this.#context = context
    this.#stockPace = paceOf(config, false)
    this.#constrainedPace = paceOf(config, true)
    this.#forwarder = new Forwarder(
      context,
      (arrival, now) => {
        this.#sessions.arrived(arrival, now)
      },
      (destination, now) => {
        this.#lookups.startForLeaf(destination, now)
      },
    )
    this.#sessions = new Sessions(this.#sessionHost(init.epoch), this.#sessionEvents())
    this.#lookups = new Lookups(context, {
      found: (target, roundTripMs, now) => {
        this.#found(target, roundTripMs, now)
      },
      failed: (target) => {
        link.emit({ type: 'event', event: { type: 'lookup-failed', target } })
        this.#outbound.giveUp(target, 'no-route')
      },
    })
    this.#outbound = new Outbound(context, this.#sessions, this.#lookups, (to, now) =>
      this.#isConstrained(to, now) ? this.#constrainedPace : this.#stockPace,
    )
    if (init.dataLink !== undefined) {
      const pathMtu = (to: NodeAddr, now: Millis): number | undefined => this.#outbound.pathMtu(to, now)
      this.data = new DataPath(context, this.#sessions, init.dataLink, pathMtu)
    }
    this.#signals = new Signals(context, this.#sessions, this.#lookups)
    this.views = new Views(context, {
      sessions: this.#sessions,
      lookups: this.#lookups,
      outbound: this.#outbound,
      now: () => this.#now,
    })
  }

  linkMessage(from: NodeAddr, message: Uint8Array, congested: boolean, now: Millis): void {
    this.#now = now
    switch (message[0]) {
      case LINK_MESSAGE_TYPES['session-datagram']:
        this.#forwarder.received(from, message, congested, now)
        break
      case LINK_MESSAGE_TYPES['lookup-request']:
        this.#lookups.request(from, message, now)
        break
      case LINK_MESSAGE_TYPES['lookup-response']:
        this.#lookups.response(from, message, now)
        break
      default:
        break
    }
  }

  input(input: MeshInput, now: Millis): void {
    this.#now = now
    switch (input.type) {
      case 'packet':
        this.#outbound.packet(input.packet, now)
        break
      case 'datagram': {
        const { sourcePort, destinationPort, payload } = input
        this.#outbound.datagram(input.to, { type: 'datagram', sourcePort, destinationPort, payload }, now)
        break
      }
      case 'identity':
        this.#context.identities.learn(input.publicKey, now)
        break
      case 'probe':
        this.#probe(input.peer, input.act, now)
        break
    }
  }

  neighbourUp(addr: NodeAddr, publicKey: PublicKey, now: Millis, epoch?: Uint8Array): void {
    this.#now = now
    const session = this.#sessions.get(addr)
    // The epoch is the same on links and in sessions. Stock nodes drop what a forgotten session brings, in silence.
    if (epoch !== undefined && session?.remoteEpoch !== undefined && !equalBytes(session.remoteEpoch, epoch))
      this.#sessions.remove(session, 'the peer has restarted', now)
    else if (session !== undefined) this.#sessions.greetAgain(session, now)
    this.#context.identities.learn(publicKey, now)
    // From now on it says itself where it is; what is remembered would count again when its link goes down, and be old.
    this.#context.positions.remove(addr)
    this.#lookups.topologyChanged()
    this.#outbound.retry(addr, now)
  }

  neighbourDown(addr: NodeAddr, hasRestarted: boolean, now: Millis): void {
    this.#now = now
    const session = this.#sessions.get(addr)
    if (session === undefined) return
    // Stock nodes forget a neighbour's session with its link, and drop in silence what comes in it afterwards.
    const reason = hasRestarted ? 'the peer has restarted' : 'the link to it has ended'
    if (session.isEstablished) this.#sessions.remove(session, reason, now)
    else this.#sessions.changed(session, now)
  }

  /** Positions in other trees are of no use now, and the routers on our paths have to learn where we are. */
  coordinatesChanged(now: Millis): void {
    this.#now = now
    this.#context.positions.removeOtherRoots(rootOf(this.#context.link.ownCoordinates()))
    this.#lookups.topologyChanged()
    for (const session of this.#sessions.all()) {
      if (session.isEstablished) this.#sessions.showPositions(session, now)
    }
  }

  tick(now: Millis): void {
    this.#now = now
    this.#sessions.tick(now)
    this.#lookups.tick(now)
    this.#forwarder.tick(now)
    this.#outbound.tick(now)
  }

  deadline(): Millis | undefined {
    const at = Math.min(
      this.#sessions.deadline() ?? Infinity,
      this.#lookups.deadline() ?? Infinity,
      this.#forwarder.deadline() ?? Infinity,
      this.#outbound.deadline() ?? Infinity,
    )
    return at === Infinity ? undefined : at
  }

  /** Sessions have no goodbye: their peers greet again when they want something. */
  shutdown(now: Millis): void {
    this.#now = now
  }

  #probe(peer: PublicKey, act: Extract<MeshInput, { type: 'probe' }>['act'], now: Millis): void {
    const addr = this.#context.identities.learn(peer, now)
    const session = this.#sessions.get(addr)
    switch (act) {
      case 'look-up':
        this.#lookups.start(addr, now)
        break
      case 'greet':
        this.#sessions.open(addr, peer, now)
        break
      case 'warm-up':
        if (session?.isEstablished !== true) break
        this.#sessions.traffic.sendCoordinates(session, now)
        this.#sessions.changed(session, now)
        break
      case 'hang-up':
        if (session !== undefined) this.#sessions.hangUp(session, now)
        break
    }
  }

  #sessionHost(epoch: Uint8Array): SessionHost {
    const { identity, rng, config, counters, link } = this.#context
    return {
      identity,
      rng,
      config,
      counters,
      epoch,
      ownCoordinates: () => link.ownCoordinates(),
      coordinatesOf: (addr, now) => positionOf(this.#context, addr, now) ?? link.ownCoordinates(),
      send: (to, payload, frameClass, now) => this.#forwarder.originate(to, payload, frameClass, now),
      firstLinkMtu: (to, now) => {
        const route = routeTo(this.#context, to, now)
        return route.type === 'forward' ? route.via.mtu : undefined
      },
      isNeighbour: (addr) => link.neighbour(addr) !== undefined,
      mayCopy: (via) => mayCopy(link.neighbour(via)),
      pace: (session, now) => this.#paceOf(session, now),
    }
  }

  #sessionEvents(): SessionEvents {
    const { identities, link } = this.#context
    return {
      publicKeyOf: (addr) => identities.byAddr(addr)?.publicKey,
      up: (session, isNew, now) => {
        this.#up(session, isNew, now)
      },
      down: (session, reason) => {
        this.#outbound.giveUp(session.remote, 'no-session')
        // A greeting of a stranger that came to nothing is no session of ours.
        if (session.publicKey !== undefined)
          link.emit({ type: 'event', event: { type: 'session-down', peer: session.remote, reason } })
      },
      positions: (source, coordinates, via, now) => {
        const told = notePosition(this.#context, source, coordinates, via, now)
        if (told !== undefined && contradictsProof(this.#context, source, told, now))
          this.#lookups.start(source, now)
      },
      data: (session, data, congested) => {
        this.#data(session, data, congested)
      },
      signal: (source: NodeAddr, signal: ErrorSignal, now: Millis) => {
        this.#signals.received(source, signal, now)
      },
    }
  }

  #up(session: Session, isNew: boolean, now: Millis): void {
    const { publicKey, isSlow } = session
    if (isSlow !== undefined) this.#slowTargets.note(session.remote, isSlow)
    if (publicKey === undefined) return
    this.#context.identities.learn(publicKey, now)
    if (isNew) {
      const { remote, isInitiator } = session
      this.#context.link.emit({
        type: 'event',
        event: { type: 'session-up', peer: remote, publicKey, initiator: isInitiator },
      })
    }
    this.#outbound.flush(session, now)
  }

  #found(target: NodeAddr, roundTripMs: Millis, now: Millis): void {
    this.#slowTargets.noteLookup(target, roundTripMs)
    const session = this.#sessions.get(target)
    if (session?.isEstablished === true) this.#sessions.showPositions(session, now)
    this.#outbound.retry(target, now)
  }

  #data(session: Session, data: DataMessage, congested: boolean): void {
    const { counters, identity, link } = this.#context
    const from = session.publicKey
    if (from === undefined) return
    const { sourcePort, destinationPort, payload } = data
    if (destinationPort !== PORT_IPV6) {
      link.emit({ type: 'datagram', from, sourcePort, destinationPort, payload: payload.slice() })
      return
    }
    // The addresses come from the session and not from the packet: nobody can speak in another's name.
    const packet = decompressIpv6(payload, ipv6Of(session.remote), identity.ipv6)
    if (!packet.ok) {
      counters.session.malformed++
      return
    }
    if (congested && this.#context.config.ecn.enabled) {
      markCongestion(packet.value)
      counters.congestion.ceReceived++
    }
    link.emit({ type: 'packet', packet: packet.value, from })
  }

  #paceOf(session: Session, now: Millis): Pace {
    if (session.path === undefined || now >= session.path.checkedAt + PATH_CHECK_MS)
      session.path = { isConstrained: this.#isConstrained(session.remote, now), checkedAt: now }
    const isSlow = session.isSlow ?? this.#slowTargets.has(session.remote)
    return isSlow || session.path.isConstrained ? this.#constrainedPace : this.#stockPace
  }

  /** Without a route anything may become the first link: the slowest one decides. */
  #isConstrained(to: NodeAddr, now: Millis): boolean {
    const route = routeTo(this.#context, to, now)
    if (route.type === 'forward') return route.via.profile === 'constrained'
    for (const neighbour of this.#context.link.neighbours())
      if (neighbour.profile === 'constrained') return true
    return false
  }
}

/** Whether a node says it is somewhere else than it has proven: it has moved, or somebody lies, so it should prove it again. */
function contradictsProof(
  { positions }: MeshContext,
  addr: NodeAddr,
  told: Coordinates,
  now: Millis,
): boolean {
  const held = positions.peek(addr, now)
  return held?.trust === 'proven' && held.coordinates.join() !== told.join()
}
