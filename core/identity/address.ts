/** What is derived from a public key: the routing address and the IPv6 address. */
import { AddrTable } from '../addr-table.ts'
import { hex, unhex } from '../bytes.ts'
import { nobleCrypto, type Crypto } from '../crypto/index.ts'
import { reject, accept, type Result } from '../result.ts'
import type { NodeAddr, PublicKey } from './types.ts'

export const NODE_ADDR_SIZE = 16
/** First byte of every FIPS IPv6 address: a locally assigned unique local address. */
export const IPV6_PREFIX = 0xfd
const IPV6_SIZE = 16

/**
 * Names given before. An address comes by in many messages and is kept from many of them: it is written out, hashed and
 * held once.
 */
const names = new AddrTable<NodeAddr>(8192)

/** The routing address of a key: SHA-256(x-only key)[0..16]. */
export function nodeAddrOf(publicKey: PublicKey, crypto: Crypto = nobleCrypto): NodeAddr {
  return nodeAddrFromBytes(crypto.sha256(publicKey).subarray(0, NODE_ADDR_SIZE))
}

/** Names 16 bytes read from the wire. Throws RangeError on another length. */
export function nodeAddrFromBytes(bytes: Uint8Array): NodeAddr {
  if (bytes.length !== NODE_ADDR_SIZE) throw new RangeError('a node address has 16 bytes')
  return nodeAddrAt(bytes, 0)
}

/** Names the 16 bytes at `at`. */
export function nodeAddrAt(bytes: Uint8Array, at: number): NodeAddr {
  const known = names.get(bytes, at)
  if (known !== undefined) return known
  // The only place that makes the brand: 16 bytes in lower-case hex is its definition.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const name = hex(bytes.subarray(at, at + NODE_ADDR_SIZE)) as NodeAddr
  names.put(bytes, at, name)
  return name
}

/** The 16 bytes of an address as the wire carries them. */
export function nodeAddrToBytes(addr: NodeAddr): Uint8Array {
  const bytes = unhex(addr)
  if (bytes?.length !== NODE_ADDR_SIZE) throw new RangeError('not a node address')
  return bytes
}

/** Reads an address as people write it: 32 hex digits of either case. Codes: `not-a-node-addr`. */
export function parseNodeAddr(text: string): Result<NodeAddr, 'not-a-node-addr'> {
  const bytes = unhex(text)
  if (bytes?.length !== NODE_ADDR_SIZE) return reject('not-a-node-addr')
  return accept(nodeAddrFromBytes(bytes))
}

/** The IPv6 address of a node (16 bytes): fd and the first 15 bytes of its routing address. */
export function ipv6Of(addr: NodeAddr): Uint8Array {
  const ipv6 = new Uint8Array(IPV6_SIZE)
  ipv6[0] = IPV6_PREFIX
  ipv6.set(nodeAddrToBytes(addr).subarray(0, IPV6_SIZE - 1), 1)
  return ipv6
}

/** Whether 16 bytes are an IPv6 address of the mesh (fd00::/8). */
export function isMeshIpv6(ipv6: Uint8Array): boolean {
  return ipv6.length === IPV6_SIZE && ipv6[0] === IPV6_PREFIX
}
