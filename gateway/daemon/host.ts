/** The daemon as the control socket sees it. */
import {
  nodeAddrOf,
  type Clock,
  type Identity,
  type NodeViews,
  type PeerPath,
  type PublicKey,
  type Driver,
} from '../../core/index.ts'
import { unixMsOf } from '../clock.ts'
import {
  ControlError,
  type AccessFacts,
  type ControlHost,
  type HostFacts,
  type JsonObject,
  type Names,
  type PingReply,
  type PingRequest,
  type TransportFacts,
  type TunFacts,
} from '../control/index.ts'
import type { Probes } from '../probe/index.ts'
import type { StatsHistory } from '../stats/index.ts'
import type { Fleet } from './fleet.ts'
import { serves } from './peers.ts'
import type { Pinger } from './pinger.ts'

export interface DaemonHostParts {
  readonly identity: Identity
  readonly views: NodeViews
  readonly names: Names
  readonly history: StatsHistory
  readonly facts: HostFacts
  readonly clock: Clock
  readonly driver: Driver
  readonly fleet: Fleet
  readonly pinger: Pinger
  readonly probes: Probes
  tun(): TunFacts
  access(): AccessFacts
  find(name: string): PublicKey | undefined
}

export class DaemonHost implements ControlHost {
  readonly identity: Identity
  readonly views: NodeViews
  readonly names: Names
  readonly history: StatsHistory
  readonly facts: HostFacts
  readonly probes: Probes
  readonly #parts: DaemonHostParts

  constructor(parts: DaemonHostParts) {
    this.identity = parts.identity
    this.views = parts.views
    this.names = parts.names
    this.history = parts.history
    this.facts = parts.facts
    this.probes = parts.probes
    this.#parts = parts
  }

  now(): number {
    return this.#parts.clock.now()
  }

  unixMs(instant: number): number {
    return unixMsOf(this.#parts.clock, instant)
  }

  transports(): readonly TransportFacts[] {
    return this.#parts.fleet.facts()
  }

  tun(): TunFacts {
    return this.#parts.tun()
  }

  access(): AccessFacts {
    return this.#parts.access()
  }

  find(name: string): PublicKey | undefined {
    return this.#parts.find(name)
  }

  ping(request: PingRequest): Promise<PingReply> {
    return this.#parts.pinger.ping(request)
  }

  /** Passing: not written anywhere and not dialled again for ever. */
  connect(peer: PublicKey, npub: string, transport: string, address: string): JsonObject {
    const { fleet, driver } = this.#parts
    const medium = fleet.specs.find((spec) => serves(spec, transport) && fleet.isUp(spec.id))
    if (medium === undefined) {
      throw new ControlError(
        `no transport available for type: no operational transport for any of ${npub}'s addresses`,
      )
    }
    const known = this.views.peers().find(({ nodeAddr }) => nodeAddr === nodeAddrOf(peer))
    const isSamePath = known?.transportId === medium.id && known.transportAddr === address
    const path: PeerPath = { transportId: medium.id, addr: address, priority: 0 }
    if (!isSamePath) driver.step({ type: 'connect', peer, paths: [path], persistent: false })
    return { npub, address, transport, refreshed: known !== undefined && !isSamePath }
  }

  disconnect(peer: PublicKey, npub: string): JsonObject {
    const addr = nodeAddrOf(peer)
    if (!this.views.peers().some(({ nodeAddr }) => nodeAddr === addr)) {
      throw new ControlError(`peer not found: ${npub}`)
    }
    this.#parts.driver.step({ type: 'disconnect', peer: addr })
    return { npub, disconnected: true }
  }
}
