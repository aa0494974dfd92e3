/** Real time: Node's monotonic clock and timers. */
import type { Clock, Millis, UnixSeconds } from '../core/index.ts'

/** setTimeout fires at once for longer delays than this. */
const MAX_DELAY: Millis = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delay, task) {
    const timer = setTimeout(task, Math.min(Math.max(0, Math.ceil(delay)), MAX_DELAY))
    return () => clearTimeout(timer)
  },
}

/** Seconds since 1970, for the wire. */
export function unixSeconds(): UnixSeconds {
  return BigInt(Math.floor(Date.now() / 1000))
}

/** Turns instants of a monotonic clock into Unix milliseconds, as replies and logs carry them. */
export function wallClock(clock: Clock): (instant: Millis) => number {
  const offset = Date.now() - clock.now()
  return (instant) => Math.round(instant + offset)
}
