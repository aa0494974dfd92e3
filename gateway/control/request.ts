/** One request line, and the sentences for lines that are none. Wording follows the reference, which clients match on. */
import { accept, type Accepted } from '../../core/index.ts'
import type { Params } from './params.ts'
import { isRecord } from './json.ts'

/** Longest request line with its newline, bytes. */
export const MAX_REQUEST_BYTES = 4096

export interface Request {
  readonly command: string
  readonly params: Params | undefined
}

export interface BadRequest {
  readonly ok: false
  readonly message: string
}

/** Reads a line without its newline. */
export function parseRequest(line: Uint8Array): Accepted<Request> | BadRequest {
  const text = decode(line)
  if (text === undefined) return bad('read error: stream did not contain valid UTF-8')
  const trimmed = text.trim()
  if (trimmed === '') return bad(invalid('EOF while parsing a value', 0))
  let value: unknown
  try {
    value = JSON.parse(trimmed)
  } catch (error) {
    return bad(invalid('expected value', positionOf(error, trimmed)))
  }
  if (!isRecord(value)) return bad(invalid('invalid type: expected struct Request', trimmed.length))
  const { command, params } = value
  if (command === undefined) return bad(invalid('missing field `command`', trimmed.length))
  if (typeof command !== 'string') return bad(invalid('invalid type: expected a string', trimmed.length))
  return accept({ command, params: isRecord(params) ? params : undefined })
}

function decode(line: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line)
  } catch {
    return undefined
  }
}

/** 1-based column of a syntax error, from the engine's message where it tells. */
function positionOf(error: unknown, text: string): number {
  const message = error instanceof Error ? error.message : ''
  const position = /position (\d+)/.exec(message)?.[1]
  if (position !== undefined) return Number(position) + 1
  return message.includes('end of JSON') ? text.length : 1
}

function invalid(what: string, column: number): string {
  return `invalid request: ${what} at line 1 column ${column}`
}

function bad(message: string): BadRequest {
  return { ok: false, message }
}
