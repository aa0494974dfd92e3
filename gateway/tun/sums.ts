/**
 * The Internet checksum (RFC 1071) over memory, four bytes at a time. Sums are of little-endian words: folded to 16 bits they give
 * the checksum in the order in which its two bytes are stored.
 */

/** Memory and the same memory as 32-bit words, from a multiple of four bytes on. */
export interface WordMemory {
  readonly bytes: Uint8Array
  /** Byte `at` is in word `at >> 2`. */
  readonly words: Uint32Array
}

const WORD = 4

/**
 * The sum of `length` bytes from `at`; those of 64 kB and less add up exactly. Bytes are added as they stand in memory; from an odd
 * address on that gives the sum with its two bytes exchanged.
 */
export function sumOf({ bytes, words }: WordMemory, at: number, length: number): number {
  const end = at + length
  let ends = 0
  let next = at
  for (; next % WORD !== 0 && next < end; next++) ends += bytes[next]! << (8 * (next & 1))
  // Four sums, because each addition waits for the one before it.
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let word = next >> 2
  const wordEnd = end >> 2
  for (; word + 3 < wordEnd; word += 4) {
    a += words[word]!
    b += words[word + 1]!
    c += words[word + 2]!
    d += words[word + 3]!
  }
  for (; word < wordEnd; word++) a += words[word]!
  for (next = Math.max(next, wordEnd * WORD); next < end; next++) ends += bytes[next]! << (8 * (next & 1))
  const sum = ends + a + b + c + d
  return at % 2 === 0 ? sum : networkOrder(folded(sum))
}

/** To 16 bits, with the carries added in. */
export function folded(sum: number): number {
  let rest = (sum % 2 ** 32) + Math.floor(sum / 2 ** 32)
  rest = (rest % 2 ** 16) + Math.floor(rest / 2 ** 16)
  rest = (rest & 0xffff) + (rest >>> 16)
  return (rest & 0xffff) + (rest >>> 16)
}

/** The checksum of what adds up to `sum`; never 0, which UDP takes for none. */
export function checksumOf(sum: number): number {
  return ~folded(sum) & 0xffff || 0xffff
}

/** A 16-bit number as it adds to a sum when it stands in network order. */
export function networkOrder(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8)
}
