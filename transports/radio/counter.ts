/**
 * Counters on the air: the low bits of an established frame's 64-bit counter, and how the receiver finds the rest.
 * Both sides run `rebuildCounter`; the sender runs it for every estimate the receiver can have before it trusts it.
 */

/** How many low bits are sent. 32 is absolute: the upper half is zero and no estimate is needed. */
export type CounterBits = 8 | 16 | 32

const U64 = 1n << 64n
/** Counters beyond the last sent that a repeated frame must still be rebuilt against. */
const REORDER_SLACK = 48n
const WIDTHS: readonly CounterBits[] = [8, 16]

/** The counter nearest to `estimate` whose low `bits` bits are `low`. Total: always within 0..2^64-1. */
export function rebuildCounter(estimate: bigint, low: number, bits: CounterBits): bigint {
  if (bits === 32) return BigInt(low)
  const span = 1n << BigInt(bits)
  const half = span / 2n
  const candidate = estimate - (estimate % span) + BigInt(low)
  if (candidate + half <= estimate && candidate + span < U64) return candidate + span
  if (candidate > estimate + half && candidate >= span) return candidate - span
  return candidate
}

/** The low bits of `counter`, as a number. */
export function lowBits(counter: bigint, bits: CounterBits): number {
  return Number(counter % (1n << BigInt(bits)))
}

/**
 * The fewest bits from which a receiver rebuilds `counter`, when its estimate lies anywhere between `floor` (the
 * last it is known to have) and `ceiling` (the highest ever sent); undefined when only the raw form is safe.
 */
export function chooseBits(counter: bigint, floor: bigint, ceiling: bigint): CounterBits | undefined {
  const highest = (counter > ceiling ? counter : ceiling) + REORDER_SLACK
  for (const bits of WIDTHS) {
    const low = lowBits(counter, bits)
    // Rebuilding is monotone in the estimate, so both ends right means everything between is right.
    if (rebuildCounter(floor, low, bits) === counter && rebuildCounter(highest, low, bits) === counter)
      return bits
  }
  return isAbsolute(counter) ? 32 : undefined
}

export function isAbsolute(counter: bigint): boolean {
  return counter < 1n << 32n
}

/**
 * Eight bits over what `rebuildCounter` guessed. An acknowledgement carries it, so that a receiver whose estimate
 * was led astray by forged frames is found out by the next exchange.
 */
export function counterCheck(counter: bigint): number {
  let check = 0x5a
  for (let rest = counter >> 8n; rest > 0n; rest >>= 8n)
    check = (check * 31 + Number(rest & 0xffn) + 1) & 0xff
  return check
}
