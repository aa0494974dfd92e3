/** The course of the demo: links come up, pairs are pinged until each has answered, then traffic goes on. */
import type { Clock, Millis } from '../../core/index.ts'
import type { Island } from './island.ts'

/** All in radio time. */
const PING_TIMEOUT: Millis = 20_000
/** Pings of the running demo start this far apart. */
const PING_PERIOD: Millis = 5_000
/** How often it is looked whether all links stand and the tree is one. */
const POLL: Millis = 250
/** A settled tree needs no more than this on the slowest setting; pings begin then in any case. */
const SETTLE_LIMIT: Millis = 45_000

export interface Course {
  /** True when the demo should end. */
  readonly isOver: () => boolean
}

/** Resolves when the island is linked and one tree, or when waiting longer would teach nothing. */
export async function settle(island: Island, clock: Clock, course: Course): Promise<void> {
  const end = clock.now() + SETTLE_LIMIT
  while (!(island.isLinked && island.isOneTree) && clock.now() < end && !course.isOver())
    await pause(clock, POLL)
}

/** Pings every pair until each has answered once; true when all have. */
export async function pingAll(island: Island, course: Course): Promise<boolean> {
  let open = [...island.topology.pairs]
  while (open.length > 0 && !course.isOver()) {
    const still: (readonly [string, string])[] = []
    for (const pair of open) {
      if (course.isOver()) break
      if (!(await island.ping(pair, PING_TIMEOUT))) still.push(pair)
    }
    open = still
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
