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

/** The sum of `length` bytes from `at`; those of 64 kB and less add up exactly. */
export function sumOf({ bytes, words }: WordMemory, at: number, length: number): number {
  let sum = 0
  const end = at + length
  let next = at
  if (at % WORD === 0) {
    const wordEnd = end >> 2
    for (let word = at >> 2; word < wordEnd; word++) sum += words[word]!
    next = wordEnd * WORD
  } else {
    for (; next + 1 < end; next += 2) sum += bytes[next]! | (bytes[next + 1]! << 8)
  }
  for (let shift = 0; next < end; next++, shift += 8) sum += bytes[next]! * 2 ** shift
  return sum
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
