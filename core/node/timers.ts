/**
 * The node's only clock work: a table of instants by kind and subject. A timeout is an input, so nothing here fires;
 * the host asks for the next instant and then says `tick`.
 */
import type { Millis } from '../time.ts'

export interface DueTimer<Kind extends string, Subject extends string> {
  readonly kind: Kind
  readonly subject: Subject
}

export class TimerTable<Kind extends string, Subject extends string> {
  /** Entries of a subject end with it: there are as many as links and peers to dial. */
  readonly #bySubject = new Map<Subject, Map<Kind, Millis>>()
  /** The least instant, kept so that asking after every frame costs nothing. `stale` after its entry moved later. */
  #next: Millis | undefined
  #stale = false

  /** Sets or moves a timer. */
  set(kind: Kind, subject: Subject, at: Millis): void {
    let kinds = this.#bySubject.get(subject)
    if (kinds === undefined) {
      kinds = new Map()
      this.#bySubject.set(subject, kinds)
    }
    const before = kinds.get(kind)
    kinds.set(kind, at)
    if (before !== undefined && before === this.#next && at > before) this.#stale = true
    else if (this.#next === undefined || at < this.#next) this.#next = at
  }

  /** Sets a timer, or brings it forward; one that is due earlier stays. */
  setNoLater(kind: Kind, subject: Subject, at: Millis): void {
    const before = this.get(kind, subject)
    if (before === undefined || at < before) this.set(kind, subject, at)
  }

  get(kind: Kind, subject: Subject): Millis | undefined {
    return this.#bySubject.get(subject)?.get(kind)
  }

  clear(kind: Kind, subject: Subject): void {
    const kinds = this.#bySubject.get(subject)
    const at = kinds?.get(kind)
    if (kinds === undefined || at === undefined) return
    kinds.delete(kind)
    if (kinds.size === 0) this.#bySubject.delete(subject)
    if (at === this.#next) this.#stale = true
  }

  /** Forgets all timers of a subject but those of one kind. */
  clearAll(subject: Subject, except?: Kind): void {
    const kinds = this.#bySubject.get(subject)
    if (kinds === undefined) return
    // A map may lose entries while it is walked.
    for (const kind of kinds.keys()) if (kind !== except) this.clear(kind, subject)
  }

  /** The earliest instant in the table. */
  next(): Millis | undefined {
    if (this.#stale) this.#recompute()
    return this.#next
  }

  /** Takes out everything that is due, earliest first. */
  takeDue(now: Millis): readonly DueTimer<Kind, Subject>[] {
    const next = this.next()
    if (next === undefined || next > now) return []
    const due: (DueTimer<Kind, Subject> & { readonly at: Millis })[] = []
    for (const [subject, kinds] of this.#bySubject) {
      for (const [kind, at] of kinds) if (at <= now) due.push({ kind, subject, at })
    }
    for (const { kind, subject } of due) this.clear(kind, subject)
    return due.sort((a, b) => a.at - b.at)
  }

  #recompute(): void {
    let least: Millis | undefined
    for (const kinds of this.#bySubject.values()) {
      for (const at of kinds.values()) if (least === undefined || at < least) least = at
    }
    this.#next = least
    this.#stale = false
  }
}
