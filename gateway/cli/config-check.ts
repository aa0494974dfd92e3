/** `fips-radio config check`: everything wrong or odd in the configuration, without starting anything. */
import { ConfigError, loadConfig, problemLine, type Problem } from '../config/index.ts'
import { EXIT_CODES } from '../errors.ts'
import type { CommandIo } from './io.ts'

/** Exit code: 0 when the daemon would accept it. */
export function checkConfig(io: CommandIo, file: string | undefined, json: boolean): number {
  let problems: readonly Problem[]
  let files: readonly string[]
  try {
    const loaded = loadConfig(file)
    problems = loaded.notes
    files = loaded.files
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    problems = error.problems
    files = [...new Set(problems.map(({ place }) => place.file))]
  }
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (json) {
    io.out(`${JSON.stringify({ ok: errors.length === 0, files, problems })}\n`)
  } else {
    for (const problem of problems) io.out(`${problem.severity}: ${problemLine(problem)}\n`)
    io.out(errors.length === 0 ? `${naming(files)}: good\n` : `${errors.length} to mend\n`)
  }
  return errors.length === 0 ? 0 : EXIT_CODES.config
}

function naming(files: readonly string[]): string {
  return files.length === 0 ? 'no file found, every value is its default' : files.join(', ')
}
