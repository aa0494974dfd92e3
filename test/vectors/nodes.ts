/** The addresses the vectors name by number. */
import { asciiBytes, ByteWriter, nobleCrypto, type NodeAddr, nodeAddrFromBytes } from '../../core/index.ts'

const PREFIX = asciiBytes('fips-radio vector node ')

/** "Vector node n": the first 16 bytes of SHA-256 of the prefix and n as four bytes little-endian. */
export function vectorNode(n: number): NodeAddr {
  const input = new ByteWriter().put(PREFIX).u32(n).finish()
  return nodeAddrFromBytes(nobleCrypto.sha256(input).subarray(0, 16))
}

export function vectorNodes(first: number, count: number): NodeAddr[] {
  return Array.from({ length: count }, (_, index) => vectorNode(first + index))
}
