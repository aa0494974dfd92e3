/**
 * `show_listening_sockets`: local programs that the mesh can reach, read from `/proc/net`. Sockets count when they are
 * bound to the IPv6 wildcard or to the node's own address. Other systems than Linux show none.
 */
import { readFileSync } from 'node:fs'
import { hex, ipv6Of } from '../../../core/index.ts'
import type { ControlHost } from '../host.ts'
import { ipv6Text, type JsonObject } from '../json.ts'

const WILDCARD = '0'.repeat(32)
/** Socket states of `/proc/net`: listening for TCP, bound and not connected for UDP. */
const STATES = { tcp: '0A', udp: '07' } as const

export function showListeningSockets(host: ControlHost): JsonObject {
  const own = hex(ipv6Of(host.identity.nodeAddr))
  const text = ipv6Text(host.identity.nodeAddr)
  const sockets = (['tcp', 'udp'] as const).flatMap((proto) =>
    listening(readTable(`/proc/net/${proto}6`), STATES[proto])
      .filter(({ address }) => address === WILDCARD || address === own)
      .map(({ address, port }) => ({
        proto,
        local_addr: address === WILDCARD ? '::' : text,
        port,
        pid: null,
        process: null,
        wildcard_bind: address === WILDCARD,
        // Rules belong to nftables, which this program neither sets nor reads.
        filter: 'unknown',
      })),
  )
  return { fips0_addr: text, firewall_active: false, sockets }
}

interface Bound {
  /** 32 hex digits. */
  readonly address: string
  readonly port: number
}

/** Sockets of one table in a state. Exported for tests. */
export function listening(table: string, state: string): readonly Bound[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line): readonly Bound[] => {
      const [, local = '', , status] = line.trim().split(/\s+/)
      const [address = '', port = ''] = local.split(':')
      if (status !== state) return []
      return [{ address: networkOrder(address), port: Number.parseInt(port, 16) }]
    })
}

/** The kernel prints an address as 32-bit words in the machine's byte order, which is little-endian wherever Node runs. */
function networkOrder(address: string): string {
  const words = address.match(/.{8}/g) ?? []
  return words
    .map((word) => (word.match(/../g) ?? []).toReversed().join(''))
    .join('')
    .toLowerCase()
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
