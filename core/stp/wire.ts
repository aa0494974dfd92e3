/**
 * TreeAnnounce (link message 0x10): a node tells its neighbours its parent, signed, and the path to its root, unsigned.
 */
import { ByteReader, ByteWriter } from '../bytes.ts'
import { readNodeAddr, writeNodeAddr } from '../coordinates.ts'
import type { NodeAddr } from '../identity/index.ts'
import { NODE_ADDR_SIZE } from '../identity/index.ts'
import type { Result } from '../result.ts'
import { accept, reject } from '../result.ts'
import type { UnixSeconds } from '../time.ts'

export const TREE_ANNOUNCE_TYPE = 0x10

/** What a node signs about itself. `parent` equal to `node` declares a root. */
export interface Declaration {
  readonly node: NodeAddr
  readonly parent: NodeAddr
  /** Grows with each declaration of the node; the higher one is the fresher. */
  readonly sequence: bigint
  readonly timestamp: UnixSeconds
}

/** One node on the path to the root, with the sequence and time of its declaration as last heard. */
export interface AncestryEntry {
  readonly node: NodeAddr
  readonly sequence: bigint
  readonly timestamp: UnixSeconds
}

export interface TreeAnnounce {
  readonly declaration: Declaration
  /** From the declaring node to its root; never empty. Nobody vouches for it but the neighbour it came from. */
  readonly ancestry: readonly AncestryEntry[]
  /** BIP-340 over the declaration, 64 bytes. */
  readonly signature: Uint8Array
}

const VERSION = 1
const SIGNATURE_SIZE = 64
const ENTRY_SIZE = NODE_ADDR_SIZE + 8 + 8
const FIXED_SIZE = 1 + 1 + 8 + 8 + NODE_ADDR_SIZE + 2 + SIGNATURE_SIZE
const DECLARATION_SIZE = 2 * NODE_ADDR_SIZE + 8 + 8

/** Bytes of the message (type byte included) for a path of `entries` nodes. */
export function treeAnnounceSize(entries: number): number {
  return FIXED_SIZE + entries * ENTRY_SIZE
}

/** The deepest place that a message of so many bytes can tell of. */
export function deepestIn(bytes: number): number {
  return Math.floor((bytes - treeAnnounceSize(1)) / ENTRY_SIZE)
}

export type TreeAnnounceRejection = 'wrong-type' | 'too-short' | 'unsupported-version' | 'empty-ancestry'

/**
 *   0x10 | version 1 | sequence LE64 | timestamp LE64 | parent 16 | count LE16
 *        | count x (node 16 | sequence LE64 | timestamp LE64) | signature 64
 *
 * The declaring node is the first of the path. Bytes after the signature are ignored. `message` includes the type byte.
 */
export function decodeTreeAnnounce(message: Uint8Array): Result<TreeAnnounce, TreeAnnounceRejection> {
  const reader = new ByteReader(message)
  const type = reader.u8()
  if (type !== TREE_ANNOUNCE_TYPE) return reject('wrong-type', TREE_ANNOUNCE_TYPE, type)
  if (message.length < FIXED_SIZE) return reject('too-short', FIXED_SIZE, message.length)
  const version = reader.u8()
  if (version !== VERSION) return reject('unsupported-version', VERSION, version)
  const sequence = reader.u64()
  const timestamp = reader.u64()
  const parent = readNodeAddr(reader)
  const count = reader.u16()
  const needed = treeAnnounceSize(count)
  if (message.length < needed) return reject('too-short', needed, message.length)
  if (count === 0) return reject('empty-ancestry')
  const ancestry: AncestryEntry[] = []
  for (let i = 0; i < count; i++) {
    ancestry.push({ node: readNodeAddr(reader), sequence: reader.u64(), timestamp: reader.u64() })
  }
  return accept({
    declaration: { node: ancestry[0]!.node, parent, sequence, timestamp },
    ancestry,
    signature: reader.take(SIGNATURE_SIZE).slice(),
  })
}

/** The layout of `decodeTreeAnnounce`. */
export function encodeTreeAnnounce(announce: TreeAnnounce): Uint8Array {
  const { declaration, ancestry, signature } = announce
  if (signature.length !== SIGNATURE_SIZE) throw new RangeError('a signature has 64 bytes')
  const writer = new ByteWriter(treeAnnounceSize(ancestry.length))
  writer.u8(TREE_ANNOUNCE_TYPE).u8(VERSION).u64(declaration.sequence).u64(declaration.timestamp)
  writeNodeAddr(writer, declaration.parent)
  writer.u16(ancestry.length)
  for (const entry of ancestry) {
    writeNodeAddr(writer, entry.node)
    writer.u64(entry.sequence).u64(entry.timestamp)
  }
  return writer.put(signature).finish()
}

/**
 * What the signature of a TreeAnnounce covers, before hashing:
 *
 *   node 16 | parent 16 | sequence LE64 | timestamp LE64
 */
export function declarationBytes(declaration: Declaration): Uint8Array {
  const writer = new ByteWriter(DECLARATION_SIZE)
  writeNodeAddr(writer, declaration.node)
  writeNodeAddr(writer, declaration.parent)
  return writer.u64(declaration.sequence).u64(declaration.timestamp).finish()
}
