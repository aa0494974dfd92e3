/**
 * Clocks for simulations: one that stands still until it is told to move, and one that plays the same event
 * queue in real time, faster if wanted.
 */
import type { Clock, Millis } from '../../core/index.ts'

/**
 * Turns of the microtask queue given to promises between two events, when no `settle` is injected. Longer chains
 * of awaits than this between two instants would be overtaken by time.
 */
const MICROTASK_TURNS = 64

/**
 * A virtual clock: time moves only in `advance` and `runUntil`, from event to event in order of their instants
 * (first come first at equal instants), and promises are given time to run between two events.
 */
export class SimClock implements Clock {
  readonly #events = new EventQueue()
  readonly #settle: () => Promise<void>
  #now: Millis = 0

  /** `settle` lets outside work finish between events, e.g. one turn of the event loop when real pipes are involved. */
  constructor(settle: () => Promise<void> = microtasks) {
    this.#settle = settle
  }

  now(): Millis {
    return this.#now
  }

  after(delay: Millis, task: () => void): () => void {
    return this.#events.add(this.#now + Math.max(0, delay), task)
  }

  /** Lets `duration` ms pass. */
  async advance(duration: Millis): Promise<void> {
    await this.runUntil(() => false, duration)
  }

  /** Runs until `condition` holds, checked after each event; false when `limit` ms passed without it. */
  async runUntil(condition: () => boolean, limit: Millis): Promise<boolean> {
    const end = this.#now + limit
    await this.#settle()
    while (!condition()) {
      const at = this.#events.nextAt()
      if (at === undefined || at > end) {
        this.#now = end
        return false
      }
      this.#now = Math.max(this.#now, at)
      this.#events.shift()?.()
      await this.#settle()
    }
    return true
  }

  /** Runs until `promise` settles and returns its value; throws when `limit` ms do not suffice. */
  async resolve<T>(promise: Promise<T>, limit: Millis): Promise<T> {
    let settled = false
    const mark = (): void => {
      settled = true
    }
    promise.then(mark, mark)
    if (!(await this.runUntil(() => settled, limit)))
      throw new Error(`not settled within ${limit} virtual ms`)
    return promise
  }
}

/**
 * The same event queue in real time, `speed` times as fast as `base`. An event sees the instant it was due at, not
 * the later one at which the host came to run it, so chains of timers do not drift.
 */
export class PacedClock implements Clock {
  readonly #events = new EventQueue()
  readonly #base: Clock
  readonly #speed: number
  readonly #start: Millis
  #current: Millis | undefined
  #last: Millis = 0
  #cancelWake: (() => void) | undefined
  #wakeAt = Infinity

  constructor(base: Clock, speed: number) {
    if (!(speed > 0)) throw new RangeError(`speed must be above 0, not ${speed}`)
    this.#base = base
    this.#speed = speed
    this.#start = base.now()
  }

  now(): Millis {
    this.#last = Math.max(this.#last, this.#current ?? this.#outside())
    return this.#last
  }

  after(delay: Millis, task: () => void): () => void {
    const cancel = this.#events.add(this.now() + Math.max(0, delay), task)
    if (this.#current === undefined) this.#arm()
    return cancel
  }

  #outside(): Millis {
    return (this.#base.now() - this.#start) * this.#speed
  }

  #arm(): void {
    const at = this.#events.nextAt()
    if (at === undefined || at >= this.#wakeAt) return
    this.#cancelWake?.()
    this.#wakeAt = at
    this.#cancelWake = this.#base.after(Math.max(0, (at - this.#outside()) / this.#speed), () => this.#run())
  }

  #run(): void {
    this.#wakeAt = Infinity
    this.#cancelWake = undefined
    try {
      for (;;) {
        const at = this.#events.nextAt()
        if (at === undefined || at > this.#outside()) break
        this.#current = at
        this.#events.shift()?.()
      }
    } finally {
      this.#current = undefined
      this.#arm()
    }
  }
}

interface Event {
  readonly at: Millis
  readonly order: number
  task: (() => void) | undefined
}

/** Binary heap by instant, then by order of arrival. Cancelled events stay until they surface. */
class EventQueue {
  readonly #heap: Event[] = []
  #order = 0

  add(at: Millis, task: () => void): () => void {
    const event: Event = { at, order: this.#order++, task }
    const heap = this.#heap
    let i = heap.length
    heap.push(event)
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !before(event, above)) break
      heap[i] = above
      i = parent
    }
    heap[i] = event
    return () => {
      event.task = undefined
    }
  }

  /** Instant of the next live event. */
  nextAt(): Millis | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].task === undefined) this.#pop()
    return this.#heap[0]?.at
  }

  shift(): (() => void) | undefined {
    return this.nextAt() === undefined ? undefined : this.#pop()?.task
  }

  #pop(): Event | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined || heap.length === 0) return top
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      const left = heap[child]
      const right = heap[child + 1]
      if (left === undefined) break
      let smaller = left
      if (right !== undefined && before(right, left)) {
        smaller = right
        child++
      }
      if (!before(smaller, last)) break
      heap[i] = smaller
      i = child
    }
    heap[i] = last
    return top
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

async function microtasks(): Promise<void> {
  for (let turn = 0; turn < MICROTASK_TURNS; turn++) await Promise.resolve()
}
