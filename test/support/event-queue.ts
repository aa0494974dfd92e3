/** Events by instant, first come first at equal instants: a binary heap. */

export interface QueuedEvent<T> {
  readonly at: number
  readonly value: T
}

interface Entry<T> extends QueuedEvent<T> {
  readonly order: number
}

export class EventQueue<T> {
  readonly #heap: Entry<T>[] = []
  #order = 0

  get size(): number {
    return this.#heap.length
  }

  nextAt(): number | undefined {
    return this.#heap[0]?.at
  }

  add(at: number, value: T): void {
    const heap = this.#heap
    const entry: Entry<T> = { at, order: this.#order++, value }
    let i = heap.length
    heap.push(entry)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = entry
  }

  shift(): QueuedEvent<T> | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return first
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
