/** The course of the demo: links come up, pairs are pinged until each has answered, then traffic goes on. */
import type { Clock, Millis } from '../../core/index.ts'
import type { Island } from './island.ts'

/** All in radio time. The first ping of a pair waits for a lookup and a session, each several trips over the radio. */
const FIRST_PING_TIMEOUT: Millis = 60_000
const PING_TIMEOUT: Millis = 30_000
/** Pings of the running demo start this far apart. */
const PING_PERIOD: Millis = 5_000
/** A pair that cannot reach each other yet is told so at once, and tries again after this. */
const RETRY: Millis = 1_000
/** How often it is looked whether a pair has come into one tree. */
const POLL: Millis = 250

export interface Course {
  /** True when the demo should end. */
  readonly isOver: () => boolean
}

type Pair = readonly [string, string]

/**
 * Pings every pair until each has answered, those that are in one tree first; true when all have. An answered pair is
 * pinged once more, so that what is shown is the round trip and not the set-up before it.
 */
export async function pingAll(island: Island, clock: Clock, course: Course): Promise<boolean> {
  const open: Pair[] = [...island.topology.pairs]
  while (open.length > 0 && !course.isOver()) {
    const pair = open.find(([from, to]) => island.shareTree(from, to))
    if (pair === undefined) {
      await pause(clock, POLL)
      continue
    }
    open.splice(open.indexOf(pair), 1)
    if (await island.ping(pair, FIRST_PING_TIMEOUT)) await island.ping(pair, PING_TIMEOUT)
    else {
      open.push(pair)
      await pause(clock, RETRY)
    }
  }
  return open.length === 0
}

/** Keeps some traffic going until the course is over. */
export async function keepBusy(island: Island, clock: Clock, course: Course): Promise<void> {
  for (let turn = 0; !course.isOver(); turn++) {
    const pair = island.topology.pairs[turn % island.topology.pairs.length]
    if (pair === undefined) return
    await Promise.all([island.ping(pair, PING_TIMEOUT), pause(clock, PING_PERIOD)])
  }
}

function pause(clock: Clock, ms: Millis): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve)
  })
}
