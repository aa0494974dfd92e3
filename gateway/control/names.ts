/** What a node is called in replies: its alias, else a short form of its key, else of its address. */
import { nodeAddrOf, npubOf, parseNpub, type NodeAddr, type PublicKey } from '../../core/index.ts'

export interface Names {
  displayName(addr: NodeAddr, publicKey?: PublicKey): string
}

/** A configured peer's name. */
export interface NamedPeer {
  readonly npub: string
  readonly alias: string | undefined
}

/** `npub1` and four characters. */
const HEAD = 9
const TAIL = 4
const ADDR_HEAD = 8

/** Aliases come from the configuration, else from the hosts file; keys of strangers from whoever knows them. */
export function createNames(
  peers: readonly NamedPeer[],
  publicKeyOf: (addr: NodeAddr) => PublicKey | undefined,
  hostNameOf: (addr: NodeAddr) => string | undefined = () => undefined,
): Names {
  const aliases = new Map<NodeAddr, string>()
  for (const { npub, alias } of peers) {
    const key = parseNpub(npub)
    if (alias === undefined || !key.ok) continue
    const addr = nodeAddrOf(key.value)
    if (!aliases.has(addr)) aliases.set(addr, alias)
  }
  return {
    displayName(addr, publicKey = publicKeyOf(addr)) {
      const alias = aliases.get(addr) ?? hostNameOf(addr)
      if (alias !== undefined) return alias
      return publicKey === undefined ? `${addr.slice(0, ADDR_HEAD)}...` : shortNpub(npubOf(publicKey))
    },
  }
}

/** `npub16tzn...5kz0`. */
export function shortNpub(npub: string): string {
  return `${npub.slice(0, HEAD)}...${npub.slice(-TAIL)}`
}
