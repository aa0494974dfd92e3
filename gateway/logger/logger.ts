/**
 * The daemon's log: one line an event on stderr, plain for people and journald or JSON for machines. Lines carry ids and
 * numbers, never secrets; what looks like one is struck out as the last line of defence.
 */
import type { LogLevel } from '../config/index.ts'

export type LogFields = Readonly<Record<string, string | number | boolean | bigint | undefined>>

export interface Logger {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  trace(message: string, fields?: LogFields): void
  /** The same log under a part's name, such as `lora` or `control`. */
  named(part: string): Logger
}

export type LogFormat = 'plain' | 'json'

export interface LogOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  /** Receives each line with its newline. */
  write(line: string): void
  /** Unix milliseconds. */
  now?(): number
}

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug', 'trace']
const SECRET = /nsec1[02-9ac-hj-np-z]{20,}/gi

export function createLogger(options: LogOptions): Logger {
  return logger(options, undefined)
}

/** For tests and embedders that want no log. */
export const silentLogger: Logger = createLogger({ level: 'error', format: 'plain', write: () => undefined })

function logger(options: LogOptions, part: string | undefined): Logger {
  const threshold = LEVELS.indexOf(options.level)
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LEVELS.indexOf(level) > threshold) return
      const time = new Date(options.now?.() ?? Date.now()).toISOString()
      const format = options.format === 'json' ? jsonLine : plainLine
      options.write(`${format(time, level, part, message, fields).replace(SECRET, 'nsec1(hidden)')}\n`)
    }
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    trace: at('trace'),
    named: (name) => logger(options, name),
  }
}

function plainLine(
  time: string,
  level: LogLevel,
  part: string | undefined,
  message: string,
  fields: LogFields,
): string {
  const values = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${quoted(String(value))}`)
  const head = `${time} ${level.toUpperCase().padEnd(5)} ${part === undefined ? '' : `${part}: `}`
  return oneLine(`${head}${message}${values.join('')}`)
}

function jsonLine(
  time: string,
  level: LogLevel,
  part: string | undefined,
  message: string,
  fields: LogFields,
): string {
  const values = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  )
  return JSON.stringify({ time, level, part, message, ...values })
}

function quoted(value: string): string {
  return /[\s"=]/.test(value) ? JSON.stringify(value) : value
}

/** Control characters from a peer's name or a modem's answer cannot start a line of their own. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ')
}
