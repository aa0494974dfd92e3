/**
 * How time is measured: processor time and not the clock on the wall, because other programs share the machine; the
 * variants take turns in every round, so that a slow moment of the machine is nobody's disadvantage; and of the rounds
 * the median counts, so that a collection of garbage in one of them does not.
 */

/** One way of doing the same work. */
export interface Variant {
  readonly name: string
  /** Makes `packets` packets ready, which is not measured, and returns the work on all of them, which is. */
  readonly prepare: (packets: number) => () => void
}

export interface Effort {
  /** Rounds that only let the compiler see the code. */
  readonly warmUpRounds: number
  readonly rounds: number
  /** Packets of one variant in one round. */
  readonly packets: number
}

/** Processor time per packet of each variant, µs, in the order given. */
export function measure(variants: readonly Variant[], effort: Effort): ReadonlyMap<string, number> {
  const samples = new Map<string, number[]>(variants.map(({ name }) => [name, []]))
  for (let round = -effort.warmUpRounds; round < effort.rounds; round++) {
    for (const { name, prepare } of variants) {
      const work = prepare(effort.packets)
      const before = process.cpuUsage()
      work()
      const { user, system } = process.cpuUsage(before)
      if (round >= 0) samples.get(name)?.push((user + system) / effort.packets)
    }
  }
  return new Map([...samples].map(([name, values]) => [name, median(values)]))
}

/** NaN of no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle]!
  return (sorted[middle - 1]! + sorted[middle]!) / 2
}
