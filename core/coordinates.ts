/**
 * Positions in the tree and how they travel: as a counted list of addresses, the node itself first and its root last.
 *
 *   coordinates   count LE16 | count x address 16
 *
 * A count of zero stands for "unknown". Some messages allow it and some do not: each decoder decides.
 */
import type { ByteReader, ByteWriter } from './bytes.ts'
import { hex, unhex } from './bytes.ts'
import type { NodeAddr } from './identity/index.ts'

/** A position in the tree: the node itself first, the root last. Never empty. */
export type Coordinates = readonly NodeAddr[]

/** Bytes of an address on the wire. */
export const NODE_ADDR_SIZE = 16

/** Reads one address. After a truncated read the result is meaningless; check `reader.truncated`. */
export function readNodeAddr(reader: ByteReader): NodeAddr {
  return hex(reader.take(NODE_ADDR_SIZE)) as NodeAddr
}

export function writeNodeAddr(writer: ByteWriter, addr: NodeAddr): void {
  const bytes = unhex(addr)
  if (bytes?.length !== NODE_ADDR_SIZE) throw new RangeError(`not a node address: ${addr}`)
  writer.put(bytes)
}

/** Reads a counted list, empty when the count is zero. A list longer than the input sets `reader.truncated`. */
export function readCoordinates(reader: ByteReader): readonly NodeAddr[] {
  const count = reader.u16()
  const packed = reader.take(count * NODE_ADDR_SIZE)
  const addresses: NodeAddr[] = []
  for (let at = 0; at < packed.length; at += NODE_ADDR_SIZE) {
    addresses.push(hex(packed.subarray(at, at + NODE_ADDR_SIZE)) as NodeAddr)
  }
  return addresses
}

export function writeCoordinates(writer: ByteWriter, coordinates: readonly NodeAddr[]): void {
  writer.u16(coordinates.length)
  for (const addr of coordinates) writeNodeAddr(writer, addr)
}

/** Bytes the counted list takes on the wire. */
export function coordinatesSize(coordinates: readonly NodeAddr[]): number {
  return 2 + coordinates.length * NODE_ADDR_SIZE
}

/** The last entry: the root of the tree the position is in. */
export function rootOf(coordinates: Coordinates): NodeAddr {
  return coordinates.at(-1)!
}

/** Links between the node and its root: 0 for a root. */
export function depthOf(coordinates: Coordinates): number {
  return coordinates.length - 1
}
