/**
 * Path MTU of a session. The destination sees in each datagram the smallest link MTU it met and tells the source; the
 * source believes a decrease at once and an increase only when it is confirmed.
 */
import type { Millis } from '../time.ts'
import {
  MIN_ACTIONABLE_PATH_MTU,
  PATH_MTU_INCREASE_CONFIRMATIONS,
  PATH_MTU_INCREASE_INTERVALS,
  PATH_MTU_NOTIFICATION_INTERVAL,
  PATH_MTU_NOTIFICATION_RTTS,
} from './limits.ts'

/** The value that means "nothing known". */
const UNKNOWN_PATH_MTU = 0xffff

interface Increase {
  readonly pathMtu: number
  readonly since: Millis
  readonly count: number
}

export class PathMtuState {
  #current = UNKNOWN_PATH_MTU
  #increase: Increase | undefined
  #observed = UNKNOWN_PATH_MTU
  #told: { readonly pathMtu: number; readonly at: Millis } | undefined
  #interval: Millis = PATH_MTU_NOTIFICATION_INTERVAL

  /** As source: bytes our datagrams may have; 65535 while nothing is known. */
  get current(): number {
    return this.#current
  }

  /** As destination: smallest link MTU of the last datagram received. */
  get observed(): number {
    return this.#observed
  }

  /** Smoothed round-trip time in ms. */
  updateRtt(rttMs: number): void {
    this.#interval = Math.max(PATH_MTU_NOTIFICATION_INTERVAL, Math.floor(rttMs * PATH_MTU_NOTIFICATION_RTTS))
  }

  /** As source: our own first link allows no more than this. */
  limit(linkMtu: number): void {
    this.#current = Math.min(this.#current, linkMtu)
  }

  /** As source: the destination reports this. True when `current` changed. */
  notified(pathMtu: number, now: Millis): boolean {
    if (pathMtu < MIN_ACTIONABLE_PATH_MTU || pathMtu === this.#current) return false
    if (pathMtu < this.#current) {
      this.#current = pathMtu
      this.#increase = undefined
      return true
    }
    return this.#confirmIncrease(pathMtu, now)
  }

  /** As source: the path is another one now. */
  reset(): void {
    this.#current = UNKNOWN_PATH_MTU
    this.#increase = undefined
  }

  /** As destination: a datagram arrived that met this smallest link MTU. */
  observe(pathMtu: number): void {
    this.#observed = pathMtu
  }

  /** As destination: the source should be told now. */
  isNotificationDue(now: Millis): boolean {
    return now >= (this.deadline() ?? Infinity)
  }

  /** When the next notification is due, a decrease at once; undefined while there is nothing to tell. */
  deadline(): Millis | undefined {
    if (this.#observed === UNKNOWN_PATH_MTU) return undefined
    if (this.#told === undefined || this.#observed < this.#told.pathMtu) return -Infinity
    return this.#told.at + this.#interval
  }

  /** As destination: the path MTU to tell the source, which counts as told; undefined while none is known. */
  takeNotification(now: Millis): number | undefined {
    if (this.#observed === UNKNOWN_PATH_MTU) return undefined
    this.#told = { pathMtu: this.#observed, at: now }
    return this.#observed
  }

  #confirmIncrease(pathMtu: number, now: Millis): boolean {
    const previous = this.#increase
    const increase =
      previous?.pathMtu === pathMtu
        ? { ...previous, count: previous.count + 1 }
        : { pathMtu, since: now, count: 1 }
    const span = this.#interval * PATH_MTU_INCREASE_INTERVALS
    if (increase.count < PATH_MTU_INCREASE_CONFIRMATIONS || now - increase.since < span) {
      this.#increase = increase
      return false
    }
    this.#current = pathMtu
    this.#increase = undefined
    return true
  }
}
