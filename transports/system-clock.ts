/** The machine's own clock, for hosts that do not simulate time. */
import { performance } from 'node:perf_hooks'
import type { Clock, Millis } from '../core/index.ts'

/** Node fires a timer at once when its delay does not fit 31 bits; a longer one is cut to this and is then early. */
const LONGEST_TIMER: Millis = 2 ** 31 - 1

/** Monotonic milliseconds of this process and Node's timers. A pending timer keeps the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delay, task) {
    const timer = setTimeout(task, Math.min(Math.max(delay, 0), LONGEST_TIMER))
    return () => clearTimeout(timer)
  },
}
