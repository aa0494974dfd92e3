/** The operator's files about other nodes, watched while the daemon runs. */
import { join } from 'node:path'
import {
  nodeAddrOf,
  parseNpub,
  type Clock,
  type Millis,
  type NodeAddr,
  type PublicKey,
  type TransportAddr,
  type Driver,
} from '../../core/index.ts'
import { stationOf } from '../../transports/index.ts'
import { faultText, hostNameFault, HostMap, PeerLists, type HostEntry } from '../access/index.ts'
import { SYSTEM_DIRECTORY, type PeerSettings } from '../config/index.ts'
import type { AccessFacts } from '../control/index.ts'
import type { Logger } from '../logger/index.ts'
import { knownPeers } from './peers.ts'

/** Between looks at the files. */
const LOOK_INTERVAL: Millis = 2000

export interface AccessDeps {
  readonly driver: Driver
  readonly clock: Clock
  readonly logger: Logger
  /** Who may be dialled has changed. */
  changed(): void
  /** Holds `hosts`, `peers.allow` and `peers.deny`; default the system's. */
  readonly directory?: string
}

export class Access {
  readonly #hosts: HostMap
  readonly #lists: PeerLists
  readonly #deps: AccessDeps
  readonly #peers: readonly PublicKey[]
  /** Configured peers and `peers.allow`. */
  #listed: ReadonlySet<NodeAddr> = new Set()
  #listedStations: ReadonlySet<TransportAddr> = new Set()
  #cancel: (() => void) | undefined

  constructor(peers: readonly PeerSettings[], deps: AccessDeps) {
    const directory = deps.directory ?? SYSTEM_DIRECTORY
    this.#deps = deps
    this.#hosts = new HostMap(this.#aliases(peers), join(directory, 'hosts'))
    this.#lists = new PeerLists(this.#hosts, join(directory, 'peers.allow'), join(directory, 'peers.deny'))
    this.#peers = knownPeers(peers).map(({ publicKey }) => publicKey)
    this.#list()
  }

  start(): void {
    this.#report()
    this.#tell()
    this.#watch()
  }

  stop(): void {
    this.#cancel?.()
  }

  /** Key of a host name, by the files as they are now. */
  find(name: string): PublicKey | undefined {
    this.#refresh()
    return this.#hosts.find(name)
  }

  /** Named in the configuration or in `peers.allow`. */
  isListed(addr: NodeAddr): boolean {
    return this.#lists.allow.all || this.#listed.has(addr)
  }

  /** The same by the address a node has on a radio. */
  isListedStation(station: TransportAddr): boolean {
    return this.#lists.allow.all || this.#listedStations.has(station)
  }

  nameOf(addr: NodeAddr): string | undefined {
    return this.#hosts.nameOf(addr)
  }

  facts(): AccessFacts {
    const { allow, deny, allowPath, denyPath } = this.#lists
    return {
      allowFile: allowPath,
      denyFile: denyPath,
      allowFileEntries: allow.entries,
      denyFileEntries: deny.entries,
      allow: allow.keys,
      deny: deny.keys,
      allowAll: allow.all,
      denyAll: deny.all,
    }
  }

  #watch(): void {
    this.#cancel = this.#deps.clock.after(LOOK_INTERVAL, () => {
      this.#refresh()
      this.#watch()
    })
  }

  #refresh(): void {
    const hostsChanged = this.#hosts.refresh()
    const listsChanged = this.#lists.refresh(hostsChanged)
    if (!hostsChanged && !listsChanged) return
    this.#list()
    this.#report()
    this.#tell()
    this.#deps.changed()
  }

  #list(): void {
    this.#listed = new Set([...this.#peers, ...this.#lists.allow.keys].map((key) => nodeAddrOf(key)))
    this.#listedStations = new Set([...this.#listed].map((addr) => stationOf(addr)))
  }

  #tell(): void {
    const { driver } = this.#deps
    driver.step({ type: 'access-lists', ...this.#lists.rules(), configured: this.#peers })
    for (const [, publicKey] of this.#hosts.entries()) driver.step({ type: 'identity', publicKey })
  }

  #report(): void {
    for (const fault of [...this.#hosts.faults, ...this.#lists.faults])
      this.#deps.logger.warn(faultText(fault))
  }

  /** Aliases that can be host names; the others stay names for people. */
  #aliases(peers: readonly PeerSettings[]): readonly HostEntry[] {
    return peers.flatMap(({ npub, alias }) => {
      const key = parseNpub(npub)
      if (alias === undefined || !key.ok) return []
      const fault = hostNameFault(alias)
      if (fault === undefined) return [{ name: alias.toLowerCase(), publicKey: key.value }]
      this.#deps.logger.info(`peer ${alias} has no DNS name: ${fault}`)
      return []
    })
  }
}
