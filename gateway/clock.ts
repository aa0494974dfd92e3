/** Wall-clock time, where the wire, replies and logs carry it. Timers run on the monotonic `systemClock`. */
import type { Clock, Millis, UnixSeconds } from '../core/index.ts'

export { systemClock } from '../transports/index.ts'

/** Seconds since 1970, for the wire. */
export function unixSeconds(): UnixSeconds {
  return BigInt(Math.floor(Date.now() / 1000))
}

/** Instants of a monotonic clock as Unix milliseconds, by the wall clock as it is when asked. */
export function unixMsOf(clock: Clock, instant: Millis): number {
  return Math.round(Date.now() - clock.now() + instant)
}
