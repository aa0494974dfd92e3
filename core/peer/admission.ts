/**
 * Who may become a peer. Asked after msg1 has told the stranger's key and before anything is answered or stored, and
 * once more before we dial. A configured peer counts as listed; `peers.deny` wins over everything.
 */
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import { nodeAddrOf } from '../identity/index.ts'
import type { AdmissionPolicy } from '../link.ts'

/** What the operator's lists say. */
export interface AccessRules {
  readonly allow: readonly PublicKey[] | undefined
  readonly deny: readonly PublicKey[]
  readonly configured?: readonly PublicKey[]
  readonly allowAll?: boolean
  readonly denyAll?: boolean
}

/** `peers.allow` and `peers.deny` as they now are. A missing or empty allow list lists nobody; it refuses nobody either. */
export class AccessLists {
  #allow: ReadonlySet<NodeAddr> = new Set()
  #deny: ReadonlySet<NodeAddr> = new Set()
  #configured: ReadonlySet<NodeAddr> = new Set()
  #allowAll = false
  #denyAll = false

  replace({ allow = [], deny, configured = [], allowAll = false, denyAll = false }: AccessRules): void {
    this.#allow = new Set(allow.map((key) => nodeAddrOf(key)))
    this.#deny = new Set(deny.map((key) => nodeAddrOf(key)))
    this.#configured = new Set(configured.map((key) => nodeAddrOf(key)))
    this.#allowAll = allowAll
    this.#denyAll = denyAll
  }

  isDenied(addr: NodeAddr): boolean {
    return this.#deny.has(addr) || (this.#denyAll && !this.isAllowed(addr))
  }

  /** Named by the configuration. Unlike an entry of the allow list this does not shield from being denied. */
  isConfigured(addr: NodeAddr): boolean {
    return this.#configured.has(addr)
  }

  isAllowed(addr: NodeAddr): boolean {
    return this.#allowAll || this.#allow.has(addr)
  }
}

export type AdmissionRefusal = 'denied' | 'not-listed' | 'not-accepting'

/** Why a handshake from outside is not answered, if so. `isConfigured`: the configuration names this peer. */
export function refuseInbound(
  addr: NodeAddr,
  policy: AdmissionPolicy,
  lists: AccessLists,
  isConfigured: boolean,
): AdmissionRefusal | undefined {
  if (lists.isDenied(addr)) return 'denied'
  if (isConfigured) return undefined
  if (!policy.acceptConnections) return 'not-accepting'
  if (policy.listedOnly && !lists.isAllowed(addr)) return 'not-listed'
  return undefined
}
