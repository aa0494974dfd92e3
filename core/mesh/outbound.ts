/**
 * What the host wants sent: finds the key behind an IPv6 address, brings a session up, holds traffic meanwhile, and says
 * what cannot be delivered and why.
 */
import {
  compressIpv6,
  IPV6_HEADER_SIZE,
  IPV6_OVERHEAD,
  PORT_HEADER_SIZE,
  PORT_IPV6,
  SESSION_OVERHEAD,
} from '../fsp/index.ts'
import { isMeshIpv6, type NodeAddr, type PublicKey } from '../identity/index.ts'
import { equalBytes, hex } from '../bytes.ts'
import type { UndeliverableReason } from '../node/api.ts'
import type { Pace, Session, Sessions } from '../session/index.ts'
import type { Millis } from '../time.ts'
import { routeTo, type MeshContext } from './context.ts'
import { isUrgentPacket } from './frame-class.ts'
import type { Lookups } from './lookups.ts'
import { PendingTraffic, type HostTraffic } from './pending.ts'

const IPV6_VERSION = 6
const DESTINATION_AT = 24

/** How often a destination with waiting traffic is tried again: its filter may have reached us meanwhile. */
const RETRY_MS: Millis = 1000

export class Outbound {
  readonly #context: MeshContext
  readonly #sessions: Sessions
  readonly #lookups: Lookups
  readonly #paceTo: (to: NodeAddr, now: Millis) => Pace
  readonly #pending: PendingTraffic
  #retryAt: Millis = Infinity

  /** `paceTo`: how much may wait for a destination, and for how long. */
  constructor(
    context: MeshContext,
    sessions: Sessions,
    lookups: Lookups,
    paceTo: (to: NodeAddr, now: Millis) => Pace,
  ) {
    this.#context = context
    this.#sessions = sessions
    this.#lookups = lookups
    this.#paceTo = paceTo
    this.#pending = new PendingTraffic(context.config.session.pendingMaxDestinations)
  }

  get pendingItems(): number {
    return this.#pending.items
  }

  get pendingDestinations(): number {
    return this.#pending.destinations
  }

  /** An IPv6 packet from the TUN. What is no IPv6 packet at all is dropped. */
  packet(packet: Uint8Array, now: Millis): void {
    const first = packet[0]
    if (packet.length < IPV6_HEADER_SIZE || first === undefined || first >> 4 !== IPV6_VERSION) return
    const destination = packet.subarray(DESTINATION_AT, IPV6_HEADER_SIZE)
    const { identity, link } = this.#context
    if (equalBytes(destination, identity.ipv6)) {
      link.emit({ type: 'packet', packet, from: identity.publicKey })
      return
    }
    const known = isMeshIpv6(destination)
      ? this.#context.identities.byPrefix(hex(destination.subarray(1)), now)
      : undefined
    if (known === undefined) {
      this.#undeliverable({ type: 'packet', packet }, 'no-identity')
      return
    }
    this.#submit(known.addr, known.publicKey, { type: 'packet', packet }, now)
  }

  /** A datagram of a local service. */
  datagram(to: PublicKey, traffic: Extract<HostTraffic, { type: 'datagram' }>, now: Millis): void {
    const addr = this.#context.identities.learn(to, now)
    this.#submit(addr, to, traffic, now)
  }

  /** Sends what waits for a session that is up. */
  flush(session: Session, now: Millis): void {
    for (const traffic of this.#pending.release(session.remote)) this.#send(session, traffic, now)
  }

  /** Somebody's position became known, or a neighbour did: what waits for it can be tried. */
  retry(to: NodeAddr, now: Millis): void {
    if (!this.#pending.has(to)) return
    const session = this.#sessions.get(to)
    if (session?.isEstablished === true) {
      if (routeTo(this.#context, to, now).type === 'forward') this.flush(session, now)
      else this.#lookups.start(to, now)
      return
    }
    const publicKey = this.#context.identities.byAddr(to)?.publicKey ?? session?.publicKey
    if (publicKey !== undefined) this.#reach(to, publicKey, now)
  }

  /** Nothing will come of what waits for a destination. */
  giveUp(to: NodeAddr, reason: UndeliverableReason): void {
    for (const traffic of this.#pending.release(to)) this.#undeliverable(traffic, reason)
  }

  tick(now: Millis): void {
    for (const { traffic } of this.#pending.expire(now)) {
      this.#context.counters.session.pendingExpired++
      this.#undeliverable(traffic, 'no-route')
    }
    if (now < this.#retryAt) return
    for (const to of this.#pending.waiting()) this.retry(to, now)
    this.#retryAt = this.#pending.destinations > 0 ? now + RETRY_MS : Infinity
  }

  deadline(): Millis | undefined {
    if (this.#pending.destinations === 0) return undefined
    return Math.min(this.#retryAt, this.#pending.nextExpiry() ?? Infinity)
  }

  /** Largest frame that gets to a node, as far as we know: what its session was told, or else the first link. */
  pathMtu(to: NodeAddr, now: Millis): number | undefined {
    const route = routeTo(this.#context, to, now)
    if (route.type !== 'forward') return undefined
    const told = this.#sessions.get(to)?.measurement.pathMtu ?? this.#context.positions.peek(to, now)?.pathMtu
    return Math.min(route.via.mtu, told ?? route.via.mtu)
  }

  #submit(to: NodeAddr, publicKey: PublicKey, traffic: HostTraffic, now: Millis): void {
    const session = this.#sessions.get(to)
    if (session?.isEstablished === true) {
      this.#send(session, traffic, now)
      return
    }
    this.#hold(to, traffic, now)
    this.#context.link.wanted(to, now)
    this.#reach(to, publicKey, now)
  }

  /** Greets the node if there is a way to it, or else asks where it is. */
  #reach(to: NodeAddr, publicKey: PublicKey, now: Millis): void {
    if (!this.#sessions.open(to, publicKey, now)) this.#lookups.start(to, now)
  }

  #send(session: Session, traffic: HostTraffic, now: Millis): void {
    const to = session.remote
    const pathMtu = this.pathMtu(to, now)
    if (pathMtu === undefined) {
      this.#hold(to, traffic, now)
      this.#lookups.start(to, now)
      return
    }
    const limit = pathMtu - overheadOf(traffic)
    if (sizeOf(traffic) > limit) {
      this.#undeliverable(traffic, 'too-big', limit)
      return
    }
    if (!this.#seal(session, traffic, now)) this.#hold(to, traffic, now)
  }

  #seal(session: Session, traffic: HostTraffic, now: Millis): boolean {
    const { traffic: sender } = this.#sessions
    let sent: boolean
    switch (traffic.type) {
      case 'packet': {
        const compressed = compressIpv6(traffic.packet)
        // Its length and version were checked when it came.
        if (!compressed.ok) return true
        const urgent = isUrgentPacket(traffic.packet)
        sent = sender.sendData(session, PORT_IPV6, PORT_IPV6, compressed.value, now, urgent)
        break
      }
      case 'datagram': {
        const { sourcePort, destinationPort, payload } = traffic
        sent = sender.sendData(session, sourcePort, destinationPort, payload, now, false)
        break
      }
    }
    if (sent) this.#sessions.changed(session, now)
    return sent
  }

  #hold(to: NodeAddr, traffic: HostTraffic, now: Millis): void {
    const { counters } = this.#context
    const { holdMs, holdPackets } = this.#paceTo(to, now)
    switch (this.#pending.hold(to, traffic, holdPackets, now + holdMs)) {
      case 'held':
        break
      case 'held-dropping-oldest':
        counters.session.pendingDropped++
        break
      case 'refused':
        counters.session.pendingRefused++
        this.#undeliverable(traffic, 'queue-full')
        return
    }
    this.#retryAt = Math.min(this.#retryAt, now + RETRY_MS)
  }

  #undeliverable(traffic: HostTraffic, reason: UndeliverableReason, mtu?: number): void {
    // A service's datagram has no packet to answer with an ICMPv6 error: like UDP, it is lost in silence.
    if (traffic.type !== 'packet') return
    this.#context.link.emit({
      type: 'undeliverable',
      packet: traffic.packet,
      reason,
      ...(mtu === undefined ? {} : { mtu }),
    })
  }
}

function sizeOf(traffic: HostTraffic): number {
  return traffic.type === 'packet' ? traffic.packet.length : traffic.payload.length
}

function overheadOf(traffic: HostTraffic): number {
  return traffic.type === 'packet' ? IPV6_OVERHEAD : SESSION_OVERHEAD + PORT_HEADER_SIZE
}
