/** Configured peers as paths the node can dial: kinds become transports, host names become addresses. */
import { lookup } from 'node:dns/promises'
import {
  nodeAddrOf,
  parseNpub,
  type NodeAddr,
  type PeerPath,
  type PublicKey,
  type TransportAddr,
} from '../../core/index.ts'
import { formatSocketAddress, parseSocketAddress, stationOf } from '../../transports/index.ts'
import type { PeerAddress, PeerSettings } from '../config/index.ts'
import { reasonOf } from '../errors.ts'
import type { MediumSpec } from './medium.ts'

export interface KnownPeer {
  readonly publicKey: PublicKey
  readonly nodeAddr: NodeAddr
  readonly settings: PeerSettings
}

/** Resolves a host name to one numeric address; rejects when there is none. */
export type ResolveHost = (host: string) => Promise<string>

export const resolveHost: ResolveHost = async (host) => (await lookup(host)).address

/** Peers of the configuration; their keys were checked when it was loaded. */
export function knownPeers(peers: readonly PeerSettings[]): readonly KnownPeer[] {
  return peers.flatMap((settings) => {
    const key = parseNpub(settings.npub)
    return key.ok ? [{ publicKey: key.value, nodeAddr: nodeAddrOf(key.value), settings }] : []
  })
}

export interface PathsFound {
  readonly paths: readonly PeerPath[]
  /** Sentences about addresses that could not be used now. */
  readonly troubles: readonly string[]
}

/** Every way to the peer over the media there are. Peers that are not to be dialled have none. */
export async function pathsTo(
  peer: KnownPeer,
  media: readonly MediumSpec[],
  resolve: ResolveHost,
): Promise<PathsFound> {
  const paths: PeerPath[] = []
  const troubles: string[] = []
  if (peer.settings.connectPolicy === 'manual') return { paths, troubles }
  for (const address of peer.settings.addresses) {
    for (const medium of media.filter((candidate) => serves(candidate, address.transport))) {
      try {
        const addr = await addressOn(medium, address, peer.nodeAddr, resolve)
        if (addr !== undefined) paths.push({ transportId: medium.id, addr, priority: address.priority })
      } catch (error) {
        troubles.push(`${address.addr} cannot be resolved (${reasonOf(error)})`)
      }
    }
  }
  return { paths, troubles }
}

/** Whether a medium is meant by `kind` or `kind/instance`. */
export function serves(medium: Pick<MediumSpec, 'kind' | 'name'>, transport: string): boolean {
  const [kind, instance] = transport.split('/', 2)
  return kind === medium.kind && (instance === undefined || instance === '' || instance === medium.name)
}

/** Undefined for addresses that only other programs can use. */
export async function addressOn(
  medium: Pick<MediumSpec, 'kind' | 'address'>,
  address: Pick<PeerAddress, 'addr'>,
  peer: NodeAddr,
  resolve: ResolveHost,
): Promise<TransportAddr | undefined> {
  if (medium.kind === 'lora') return address.addr === '' ? stationOf(peer) : address.addr.toLowerCase()
  // A line has two ends: the other one goes by the name of the port.
  if (medium.kind === 'serial') return medium.address
  if (address.addr === 'nat') return undefined
  if (parseSocketAddress(address.addr).ok) return address.addr
  const colon = address.addr.lastIndexOf(':')
  const host = await resolve(address.addr.slice(0, colon))
  return formatSocketAddress(host, Number(address.addr.slice(colon + 1)))
}
