/** One number over time: by the second, and folded by the minute. */
import { TIERS, type Fold, type Granularity } from './metrics.ts'
import { Ring } from './ring.ts'

export class Series {
  readonly #fold: Fold
  readonly #rings = { '1s': new Ring(TIERS['1s'].capacity), '1m': new Ring(TIERS['1m'].capacity) }
  /** Of the minute under way, what was measured. */
  #sum = 0
  #count = 0
  #last: number | undefined
  /** The counter that `pushTotal` saw last. */
  #total: number | undefined

  /** `total`: where the counter stands that `pushTotal` will be given, if that is known. */
  constructor(fold: Fold, total?: number) {
    this.#fold = fold
    this.#total = total
  }

  push(sample: number | undefined): void {
    this.#rings['1s'].push(sample)
    if (sample === undefined) return
    this.#sum += sample
    this.#count += 1
    this.#last = sample
  }

  /** By how much a counter grew; nothing is measured while that is unknown, and when it began anew. */
  pushTotal(total: number | undefined): void {
    const before = this.#total
    this.#total = total
    const isRate = total !== undefined && before !== undefined && total >= before
    this.push(isRate ? total - before : undefined)
  }

  endMinute(): void {
    this.#rings['1m'].push(this.#folded())
    this.#sum = 0
    this.#count = 0
    this.#last = undefined
  }

  /** The samples of the last `seconds`, oldest first; null where there is none. */
  last(seconds: number, granularity: Granularity): (number | null)[] {
    const tier = TIERS[granularity]
    const wanted = Math.min(Math.floor(seconds / tier.seconds), tier.capacity)
    const samples = this.#rings[granularity].last(wanted)
    return [...Array<null>(wanted - samples.length).fill(null), ...samples]
  }

  /** As many as there are, of the last `count` seconds. */
  recent(count: number): (number | null)[] {
    return this.#rings['1s'].last(count)
  }

  #folded(): number | undefined {
    if (this.#count === 0) return undefined
    switch (this.#fold) {
      case 'last':
        return this.#last
      case 'sum':
        return this.#sum
      case 'mean':
        return this.#sum / this.#count
    }
  }
}
