/**
 * Time as the whole program sees it: milliseconds on a monotonic clock whose zero is arbitrary, and
 * wall-clock seconds only where the wire carries them. Core never reads a clock; time is an argument.
 */

/** Milliseconds. An instant on the monotonic clock, or a duration, as the name says. */
export type Millis = number

/** Seconds since 1970 UTC, as TreeAnnounce carries them. */
export type UnixSeconds = bigint

/**
 * A clock with timers, injected into everything that does I/O (boards, transports, gateway). The real one
 * is backed by Node's timers, the simulated one by an event queue, so the same code runs in both.
 */
export interface Clock {
  /** Monotonic milliseconds; may have a fractional part. */
  now(): Millis
  /** Runs `task` once, `delay` ms from now, unless the returned function is called first. Never runs it synchronously. */
  after(delay: Millis, task: () => void): () => void
}
