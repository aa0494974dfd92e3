/** The reachability filter: which addresses can probably be reached through a neighbour. */
import { sha256 } from '@noble/hashes/sha2.js'
import type { NodeAddr } from '../identity/index.ts'
import { nodeAddrToBytes } from '../identity/index.ts'

/** Bits of every filter of wire version 0. A power of two, so that a position is the low bits of a hash. */
export const FILTER_BITS = 8192

export const FILTER_BYTES: number = FILTER_BITS / 8
const FILTER_WORDS: number = FILTER_BYTES / 4

/** Positions set for an address in a filter of ours, and in every filter we merge. */
export const FILTER_HASHES = 5

const POSITION_MASK = FILTER_BITS - 1

/**
 * Where an address falls. With h1 and h2 the first and second 8 bytes of SHA-256(address), little-endian, position i is
 * (h1 + i * h2) mod 8192: only the low 13 bits of either matter. Compute it once to ask many filters.
 */
export class FilterKey {
  readonly #first: number
  readonly #step: number

  /** The key of an address, made once as long as it is remembered. */
  static of(addr: NodeAddr): FilterKey {
    const known = keys.get(addr)
    if (known !== undefined) return known
    const key = new FilterKey(addr)
    for (const oldest of keys.keys()) {
      if (keys.size < MAX_KEYS) break
      keys.delete(oldest)
    }
    keys.set(addr, key)
    return key
  }

  constructor(addr: NodeAddr) {
    const hash = sha256(nodeAddrToBytes(addr))
    this.#first = hash[0]! | (hash[1]! << 8)
    this.#step = hash[8]! | (hash[9]! << 8)
  }

  /** The bit of hash function `index` (from 0). */
  position(index: number): number {
    return (this.#first + index * this.#step) & POSITION_MASK
  }
}

/** Keys that are kept, some 100 bytes each: every datagram on its way asks for that of its destination. The oldest goes. */
const MAX_KEYS = 4096
const keys = new Map<NodeAddr, FilterKey>()

/** A set of addresses with false positives and no false negatives. */
export class BloomFilter {
  readonly hashCount: number
  readonly #bits: Uint8Array
  /** The same, four bytes at a time. */
  readonly #words: Uint32Array
  /** Counted when first asked for, and again after a change. */
  #setBits: number | undefined

  /** `bits` begins a buffer of its own. */
  private constructor(bits: Uint8Array, hashCount: number) {
    this.#bits = bits
    this.#words = new Uint32Array(bits.buffer)
    this.hashCount = hashCount
  }

  static empty(): BloomFilter {
    return new BloomFilter(new Uint8Array(FILTER_BYTES), FILTER_HASHES)
  }

  static of(addresses: Iterable<NodeAddr>): BloomFilter {
    const filter = BloomFilter.empty()
    for (const addr of addresses) filter.add(addr)
    return filter
  }

  /** A copy of `bits` (1024 bytes, bit b in byte b >> 3 with value 1 << (b & 7)); `hashCount` in 1..255. */
  static fromBytes(bits: Uint8Array, hashCount: number = FILTER_HASHES): BloomFilter {
    if (bits.length !== FILTER_BYTES) throw new RangeError(`a filter has ${FILTER_BYTES} bytes`)
    if (hashCount < 1 || hashCount > 255) throw new RangeError('a filter has 1 to 255 hash functions')
    return new BloomFilter(bits.slice(), hashCount)
  }

  add(addr: NodeAddr): void {
    const key = FilterKey.of(addr)
    for (let i = 0; i < this.hashCount; i++) {
      const position = key.position(i)
      this.#bits[position >> 3]! |= 1 << (position & 7)
    }
    this.#setBits = undefined
  }

  has(addr: NodeAddr): boolean {
    return this.hasKey(FilterKey.of(addr))
  }

  hasKey(key: FilterKey): boolean {
    for (let i = 0; i < this.hashCount; i++) {
      const position = key.position(i)
      if ((this.#bits[position >> 3]! & (1 << (position & 7))) === 0) return false
    }
    return true
  }

  /** Adds everything in `other`. Both must use the same hash functions. */
  merge(other: BloomFilter): void {
    if (other.hashCount !== this.hashCount)
      throw new RangeError('filters with different hash counts do not merge')
    for (let i = 0; i < FILTER_WORDS; i++) this.#words[i]! |= other.#words[i]!
    this.#setBits = undefined
  }

  /** Adds everything in `other`, and to `again` what was in here already. */
  mergeNoting(other: BloomFilter, again: BloomFilter): void {
    for (let i = 0; i < FILTER_WORDS; i++) again.#words[i]! |= this.#words[i]! & other.#words[i]!
    again.#setBits = undefined
    this.merge(other)
  }

  /** What is left of a union without `one` of its filters; `again` holds what more than one has. */
  without(one: BloomFilter, again: BloomFilter): BloomFilter {
    const rest = new BloomFilter(new Uint8Array(FILTER_BYTES), this.hashCount)
    for (let i = 0; i < FILTER_WORDS; i++)
      rest.#words[i] = again.#words[i]! | (this.#words[i]! & ~one.#words[i]!)
    return rest
  }

  /** The false-positive rate that merging `other` would lead to. */
  mergedFalsePositiveRate(other: BloomFilter): number {
    let count = 0
    for (let i = 0; i < FILTER_WORDS; i++) count += bitsSet(this.#words[i]! | other.#words[i]!)
    return falsePositiveRate(count, this.hashCount)
  }

  equals(other: BloomFilter): boolean {
    if (this.hashCount !== other.hashCount) return false
    for (let i = 0; i < FILTER_WORDS; i++) if (this.#words[i] !== other.#words[i]) return false
    return true
  }

  bytes(): Uint8Array {
    return this.#bits.slice()
  }

  setBits(): number {
    if (this.#setBits === undefined) {
      let count = 0
      for (let i = 0; i < FILTER_WORDS; i++) count += bitsSet(this.#words[i]!)
      this.#setBits = count
    }
    return this.#setBits
  }

  /** Fraction of the bits that are set, 0..1. */
  fill(): number {
    return this.setBits() / FILTER_BITS
  }

  /** Probability that an address which was never added is reported as present. */
  falsePositiveRate(): number {
    return falsePositiveRate(this.setBits(), this.hashCount)
  }

  /** Estimated number of addresses in it; undefined for a full filter, which could hold any number. */
  estimatedCount(): number | undefined {
    const fill = this.fill()
    return fill >= 1 ? undefined : -(FILTER_BITS / this.hashCount) * Math.log(1 - fill)
  }
}

function falsePositiveRate(setBits: number, hashCount: number): number {
  return (setBits / FILTER_BITS) ** hashCount
}

/** Ones in 32 bits: added up in pairs, in fours, in bytes, and the bytes by a multiplication. */
function bitsSet(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
