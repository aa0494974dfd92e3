/** What is wrong or noteworthy in a configuration file, in the form every message about it takes. */
import { OperatorError } from '../errors.ts'

export interface Place {
  readonly file: string
  /** 1-based; absent when the trouble is what is not there. */
  readonly line?: number
}

export interface Problem {
  readonly severity: 'error' | 'warning' | 'info'
  readonly place: Place
  /** Dotted key, as in `transports.lora.port`; empty for the file as a whole. */
  readonly key: string
  readonly message: string
}

/** `fips.yaml:12: transports.lora.port: ...`. */
export function problemLine(problem: Problem): string {
  const { file, line } = problem.place
  return `${file}${line === undefined ? '' : `:${line}`}: ${problem.message}`
}

/** A configuration that cannot be used. `problems` holds the warnings too, the message only what must be mended. */
export class ConfigError extends OperatorError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const errors = problems.filter(({ severity }) => severity === 'error')
    super('config', errors.map(problemLine).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}
