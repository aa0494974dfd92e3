/**
 * Positions in the tree and how they travel: as a counted list of addresses, the node itself first and its root last.
 *
 *   coordinates   count LE16 | count x address 16
 *
 * A count of zero stands for "unknown". Some messages allow it and some do not: each decoder decides.
 */
import { equalBytes, type ByteReader, type ByteWriter } from './bytes.ts'
import { NODE_ADDR_SIZE, nodeAddrAt, nodeAddrFromBytes, type NodeAddr } from './identity/index.ts'

export { NODE_ADDR_SIZE }

/** A position in the tree: the node itself first, the root last. Never empty. */
export type Coordinates = readonly NodeAddr[]

/**
 * Addresses in the positions that are remembered, those of each counted with `OVERHEAD`: some 12 MB at most, which only deep
 * trees or a flood fill. The position read first goes.
 */
const MAX_REMEMBERED = 500_000
const OVERHEAD = 16

interface Remembered {
  readonly coordinates: Coordinates
  readonly packed: Uint8Array
}

/** The last position read of each node. The same one comes by in many messages: it is read, held and written out once. */
class Positions {
  readonly #byNode = new Map<NodeAddr, Remembered>()
  #size = 0

  read(packed: Uint8Array): Coordinates {
    const node = nodeAddrAt(packed, 0)
    const known = this.#byNode.get(node)
    if (known !== undefined && equalBytes(known.packed, packed)) return known.coordinates
    const coordinates: NodeAddr[] = []
    for (let at = 0; at < packed.length; at += NODE_ADDR_SIZE) coordinates.push(nodeAddrAt(packed, at))
    this.#remember(node, { coordinates, packed: packed.slice() })
    return coordinates
  }

  /** Only of what `read` returned. */
  packed(coordinates: readonly NodeAddr[]): Uint8Array | undefined {
    const known = coordinates[0] === undefined ? undefined : this.#byNode.get(coordinates[0])
    return known?.coordinates === coordinates ? known.packed : undefined
  }

  #remember(node: NodeAddr, position: Remembered): void {
    this.#forget(node)
    this.#byNode.set(node, position)
    this.#size += position.coordinates.length + OVERHEAD
    for (const oldest of this.#byNode.keys()) {
      if (this.#size <= MAX_REMEMBERED) break
      this.#forget(oldest)
    }
  }

  #forget(node: NodeAddr): void {
    const known = this.#byNode.get(node)
    if (known === undefined) return
    this.#byNode.delete(node)
    this.#size -= known.coordinates.length + OVERHEAD
  }
}

const positions = new Positions()

/** What a truncated read yields. */
const ZERO_ADDR = nodeAddrFromBytes(new Uint8Array(NODE_ADDR_SIZE))

/** Reads one address. After a truncated read the result is meaningless; check `reader.truncated`. */
export function readNodeAddr(reader: ByteReader): NodeAddr {
  const at = reader.offset
  reader.skip(NODE_ADDR_SIZE)
  return reader.truncated ? ZERO_ADDR : nodeAddrAt(reader.bytes, at)
}

export function writeNodeAddr(writer: ByteWriter, addr: NodeAddr): void {
  // It is hex already: positions in a deep tree are hundreds of them, written anew on every link.
  writer.putHex(addr)
}

/** Reads a counted list, empty when the count is zero. A list longer than the input sets `reader.truncated`. */
export function readCoordinates(reader: ByteReader): readonly NodeAddr[] {
  const count = reader.u16()
  const packed = reader.take(count * NODE_ADDR_SIZE)
  return packed.length === 0 ? [] : positions.read(packed)
}

export function writeCoordinates(writer: ByteWriter, coordinates: readonly NodeAddr[]): void {
  writer.u16(coordinates.length)
  const packed = positions.packed(coordinates)
  if (packed !== undefined) writer.put(packed)
  else for (const addr of coordinates) writeNodeAddr(writer, addr)
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
