/** FilterAnnounce (link message 0x20): a neighbour tells what can be reached through it. 1035 bytes. */
import { ByteReader, ByteWriter } from '../bytes.ts'
import type { Result } from '../result.ts'
import { accept, reject } from '../result.ts'
import { BloomFilter, FILTER_BYTES } from './filter.ts'

export const FILTER_ANNOUNCE_TYPE = 0x20

/** A filter has 512 << class bytes; wire version 0 knows class 1 only. */
export const FILTER_SIZE_CLASS = 1

const FIXED_SIZE = 1 + 8 + 1 + 1

export const FILTER_ANNOUNCE_SIZE: number = FIXED_SIZE + FILTER_BYTES

export interface FilterAnnounce {
  /** Grows with each announce on a link; the first is 1. */
  readonly sequence: bigint
  readonly filter: BloomFilter
}

export type FilterAnnounceRejection =
  'wrong-type' | 'wrong-length' | 'unsupported-size-class' | 'zero-hash-count'

/**
 *   0x20 | sequence LE64 | hash count 1 | size class 1 | filter 1024
 *
 * The length is exact. Any hash count but 0 is taken, although only filters with 5 can be merged. `message` includes the
 * type byte; the filter is a copy.
 */
export function decodeFilterAnnounce(message: Uint8Array): Result<FilterAnnounce, FilterAnnounceRejection> {
  const reader = new ByteReader(message)
  const type = reader.u8()
  if (type !== FILTER_ANNOUNCE_TYPE) return reject('wrong-type', FILTER_ANNOUNCE_TYPE, type)
  if (message.length < FIXED_SIZE) return reject('wrong-length', FILTER_ANNOUNCE_SIZE, message.length)
  const sequence = reader.u64()
  const hashCount = reader.u8()
  const sizeClass = reader.u8()
  if (sizeClass !== FILTER_SIZE_CLASS) return reject('unsupported-size-class', FILTER_SIZE_CLASS, sizeClass)
  if (message.length !== FILTER_ANNOUNCE_SIZE) {
    return reject('wrong-length', FILTER_ANNOUNCE_SIZE, message.length)
  }
  if (hashCount === 0) return reject('zero-hash-count')
  return accept({ sequence, filter: BloomFilter.fromBytes(reader.rest(), hashCount) })
}

/** The layout of `decodeFilterAnnounce`. */
export function encodeFilterAnnounce(announce: FilterAnnounce): Uint8Array {
  return new ByteWriter(FILTER_ANNOUNCE_SIZE)
    .u8(FILTER_ANNOUNCE_TYPE)
    .u64(announce.sequence)
    .u8(announce.filter.hashCount)
    .u8(FILTER_SIZE_CLASS)
    .put(announce.filter.bytes())
    .finish()
}
