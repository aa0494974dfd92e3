/**
 * Rejection by value. Bytes from outside are refused with a code and, where it helps a reader, what was
 * expected and what was found; nothing is thrown until a sender is authenticated. Exceptions are for local misuse.
 */
export type Result<T, Code extends string = string> = Accepted<T> | Rejected<Code>

export interface Accepted<T> {
  readonly ok: true
  readonly value: T
}

export interface Rejected<Code extends string = string> {
  readonly ok: false
  readonly code: Code
  readonly expected?: number | string
  readonly got?: number | string
}

export function accept<T>(value: T): Accepted<T> {
  return { ok: true, value }
}

export function reject<Code extends string>(
  code: Code,
  expected?: number | string,
  got?: number | string,
): Rejected<Code> {
  return {
    ok: false,
    code,
    ...(expected === undefined ? {} : { expected }),
    ...(got === undefined ? {} : { got }),
  }
}
