/** Keeps the node told where its configured peers are, including host names whose address changes or comes late. */
import {
  nodeAddrOf,
  type Clock,
  type Millis,
  type NodeAddr,
  type PublicKey,
  type Driver,
} from '../../core/index.ts'
import type { PeerSettings } from '../config/index.ts'
import type { Logger } from '../logger/index.ts'
import type { MediumSpec } from './medium.ts'
import { knownPeers, pathsTo, type KnownPeer, type ResolveHost } from './peers.ts'

/** Until a name that could not be resolved is asked for again. */
const RESOLVE_AGAIN: Millis = 30_000

export interface DiallingDeps {
  readonly driver: Driver
  readonly clock: Clock
  readonly logger: Logger
  readonly media: readonly MediumSpec[]
  readonly resolve: ResolveHost
  isListed(addr: NodeAddr): boolean
}

export class Dialling {
  readonly #peers: readonly KnownPeer[]
  readonly #deps: DiallingDeps
  readonly #cancels = new Map<NodeAddr, () => void>()
  #isStopped = false

  constructor(peers: readonly PeerSettings[], deps: DiallingDeps) {
    this.#peers = knownPeers(peers)
    this.#deps = deps
  }

  start(): void {
    for (const peer of this.#peers) void this.#dial(peer)
  }

  /** A peer was lost: a name in its addresses may mean another address by now. */
  lost(addr: NodeAddr): void {
    const peer = this.#peers.find(({ nodeAddr }) => nodeAddr === addr)
    if (peer !== undefined && peer.settings.autoReconnect) void this.#dial(peer)
  }

  /** A station announced itself; a listed one is dialled where the medium says so, a stranger only on an open one. */
  heard(medium: MediumSpec, addr: string, publicKey: PublicKey): void {
    const { autoConnect, listedOnly } = medium.admission
    if (!autoConnect || (listedOnly && !this.#deps.isListed(nodeAddrOf(publicKey)))) return
    const paths = [{ transportId: medium.id, addr, priority: 0 }]
    this.#deps.driver.step({ type: 'connect', peer: publicKey, paths, persistent: false })
  }

  stop(): void {
    this.#isStopped = true
    for (const cancel of this.#cancels.values()) cancel()
  }

  /** A peer without a path is told too: it counts as configured when it dials us. */
  async #dial(peer: KnownPeer): Promise<void> {
    const { driver, clock, logger, media, resolve } = this.#deps
    const { paths, troubles } = await pathsTo(peer, media, resolve)
    if (this.#isStopped) return
    const persistent = peer.settings.autoReconnect
    const isOnDemand = peer.settings.connectPolicy === 'on_demand'
    driver.step({
      type: 'connect',
      peer: peer.publicKey,
      paths,
      persistent: persistent || isOnDemand || paths.length === 0,
      isOnDemand,
    })
    for (const trouble of troubles)
      logger.warn(`peer ${peer.settings.alias ?? peer.settings.npub}: ${trouble}`)
    this.#cancels.get(peer.nodeAddr)?.()
    if (troubles.length === 0) return
    this.#cancels.set(
      peer.nodeAddr,
      clock.after(RESOLVE_AGAIN, () => void this.#dial(peer)),
    )
  }
}
