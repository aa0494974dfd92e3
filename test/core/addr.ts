/** Addresses for tests: as small numbers, in the order of the numbers. */
import { type NodeAddr, nodeAddrFromBytes } from '../../core/index.ts'

/** The address whose first two bytes are `n`, the rest zero. */
export function addrOf(n: number): NodeAddr {
  const bytes = new Uint8Array(16)
  bytes[0] = n >> 8
  bytes[1] = n & 0xff
  return nodeAddrFromBytes(bytes)
}
