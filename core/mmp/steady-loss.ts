/** The share of frames that a link loses in the long run, by the reports that one end makes and the other reads. */

/** What it looks back on, and how many frames it takes to say something: between two reports there may be a handful. */
const REPORTS = 10
const LEAST_FRAMES = 8
/** Of two reports that leave together the second may come first: it is missing in the newest report and will be in none to come. */
const OVERTAKEN = 1

interface Received {
  readonly highestCounter: number
  readonly packets: number
}

/** The first frame has counter 0. */
const NOTHING: Received = { highestCounter: -1, packets: 0 }

export class SteadyLoss {
  /** 0..1; undefined until enough frames tell. Outlives a change of keys. */
  rate: number | undefined
  /** Oldest first, of the present keys; `REPORTS` at most. */
  #recent: Received[] = [NOTHING]

  update(highestCounter: number, packets: number): void {
    this.#recent.push({ highestCounter, packets })
    if (this.#recent.length > REPORTS) this.#recent.shift()
    const { expected, missing } = this.#since(highestCounter, packets)
    if (expected >= LEAST_FRAMES) this.rate = Math.max(0, missing - OVERTAKEN) / expected
  }

  /** What even a few frames make one guess, none of which is still on its way: a link that has lost none loses none. */
  guess(highestCounter: number, packets: number): number {
    const { expected, missing } = this.#since(highestCounter, packets)
    return expected > 0 ? Math.max(0, missing) / expected : 0
  }

  /** Counters start again. */
  rekeyed(): void {
    this.#recent = []
  }

  #since(highestCounter: number, packets: number): { readonly expected: number; readonly missing: number } {
    const oldest = this.#recent[0]
    const expected = oldest === undefined ? 0 : highestCounter - oldest.highestCounter
    return { expected, missing: expected - (packets - (oldest?.packets ?? packets)) }
  }
}
