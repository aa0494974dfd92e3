/** `host:port` as UDP peers are written: `192.0.2.7:2121`, `[2001:db8::7]:2121`, `[fe80::7%eth0]:2121`. */
import { isIP } from 'node:net'
import { accept, reject, type Result, type TransportAddr } from '../../core/index.ts'

export interface SocketAddress {
  /** Numeric, without brackets; a link-local one may carry `%zone`. */
  readonly host: string
  readonly port: number
  readonly family: 4 | 6
}

export type AddressFault = 'no-port' | 'bad-port' | 'not-numeric'

const MAX_PORT = 65535
const MAPPED_PREFIX = '::ffff:'

/**
 * Parses a numeric address. Names are refused (`not-numeric`): whoever configures peers resolves them. An IPv4-mapped
 * IPv6 address becomes plain IPv4, so that a peer has one name whichever socket heard it. Port 0 is accepted (binding).
 */
export function parseSocketAddress(text: string): Result<SocketAddress, AddressFault> {
  const colon = text.lastIndexOf(':')
  if (colon <= 0 || text.endsWith(']')) return reject('no-port', 'host:port', text)
  const portText = text.slice(colon + 1)
  const port = Number(portText)
  if (!/^\d{1,5}$/.test(portText) || port > MAX_PORT) return reject('bad-port', '0..65535', portText)
  const named = text.slice(0, colon)
  const bracketed = named.startsWith('[') && named.endsWith(']')
  const host = normalHost(bracketed ? named.slice(1, -1) : named)
  const family = isIP(host)
  if (family === 4) return accept({ host, port, family: 4 })
  if (family === 6 && bracketed) return accept({ host, port, family: 6 })
  return reject('not-numeric', 'IPv4:port or [IPv6]:port', text)
}

/** The one spelling of an address, as `parseSocketAddress` reads it. */
export function formatSocketAddress(host: string, port: number): TransportAddr {
  const plain = normalHost(host)
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`
}

function normalHost(host: string): string {
  if (!host.toLowerCase().startsWith(MAPPED_PREFIX)) return host
  const tail = host.slice(MAPPED_PREFIX.length)
  return isIP(tail) === 4 ? tail : host
}
