/**
 * The node's only clock work: a table of instants by kind and subject. A timeout is an input, so nothing here fires;
 * the host asks for the next instant and then says `tick`.
 */
import type { Millis } from '../time.ts'

export interface DueTimer<Kind extends string, Subject extends string> {
  readonly kind: Kind
  readonly subject: Subject
}

/** Timers of one subject, in the order in which they were set first: a handful, and found faster than in a map. */
interface Row<Kind, Subject> {
  readonly subject: Subject
  readonly kinds: Kind[]
  readonly instants: Millis[]
  /** The least of them: a tick looks into the rows that have something due, and into no other. */
  next: Millis
}

export class TimerTable<Kind extends string, Subject extends string> {
  /** Rows end with their last timer: there are as many as links and peers to dial. */
  readonly #rows = new Map<Subject, Row<Kind, Subject>>()
  /** The least instant, kept so that asking after every frame costs nothing. `stale` after its entry moved later. */
  #next: Millis = Infinity
  #stale = false

  /** Sets or moves a timer. */
  set(kind: Kind, subject: Subject, at: Millis): void {
    const row = this.#rows.get(subject)
    if (row === undefined) this.#rows.set(subject, { subject, kinds: [kind], instants: [at], next: at })
    else this.#setIn(row, kind, at)
    if (at < this.#next) this.#next = at
  }

  /** Sets a timer, or brings it forward; one that is due earlier stays. */
  setNoLater(kind: Kind, subject: Subject, at: Millis): void {
    const before = this.get(kind, subject)
    if (before === undefined || at < before) this.set(kind, subject, at)
  }

  get(kind: Kind, subject: Subject): Millis | undefined {
    const row = this.#rows.get(subject)
    return row === undefined ? undefined : row.instants[row.kinds.indexOf(kind)]
  }

  clear(kind: Kind, subject: Subject): void {
    const row = this.#rows.get(subject)
    const i = row === undefined ? -1 : row.kinds.indexOf(kind)
    if (row !== undefined && i >= 0) this.#remove(row, i)
  }

  /** Forgets all timers of a subject but those of one kind. */
  clearAll(subject: Subject, except?: Kind): void {
    const row = this.#rows.get(subject)
    if (row === undefined) return
    for (let i = row.kinds.length - 1; i >= 0; i--) if (row.kinds[i] !== except) this.#remove(row, i)
  }

  /** The earliest instant in the table. */
  next(): Millis | undefined {
    if (this.#stale) {
      this.#next = Infinity
      for (const { next } of this.#rows.values()) if (next < this.#next) this.#next = next
      this.#stale = false
    }
    return this.#next === Infinity ? undefined : this.#next
  }

  /** Takes out everything that is due, earliest first. */
  takeDue(now: Millis): readonly DueTimer<Kind, Subject>[] {
    const next = this.next()
    if (next === undefined || next > now) return []
    const due: (DueTimer<Kind, Subject> & { readonly at: Millis })[] = []
    for (const row of this.#rows.values()) {
      if (row.next > now) continue
      for (const [i, at] of row.instants.entries())
        if (at <= now) due.push({ kind: row.kinds[i]!, subject: row.subject, at })
    }
    for (const { kind, subject } of due) this.clear(kind, subject)
    return due.length > 1 ? due.sort((a, b) => a.at - b.at) : due
  }

  #setIn(row: Row<Kind, Subject>, kind: Kind, at: Millis): void {
    const i = row.kinds.indexOf(kind)
    const before = row.instants[i]
    if (i < 0) {
      row.kinds.push(kind)
      row.instants.push(at)
    } else row.instants[i] = at
    if (at <= row.next) row.next = at
    else if (before === row.next) this.#refresh(row)
  }

  #remove(row: Row<Kind, Subject>, i: number): void {
    const [at] = row.instants.splice(i, 1)
    row.kinds.splice(i, 1)
    if (at === row.next) this.#refresh(row)
    if (row.kinds.length === 0) this.#rows.delete(row.subject)
  }

  /** The least of a row is gone or later. */
  #refresh(row: Row<Kind, Subject>): void {
    if (row.next === this.#next) this.#stale = true
    row.next = Math.min(...row.instants)
  }
}
