/** From arguments to an exit code. Nothing leaves here as a stack trace. */
import { CommanderError } from 'commander'
import { EXIT_CODES, OperatorError, reasonOf } from '../errors.ts'
import { processIo, type CommandIo } from './io.ts'
import { createProgram } from './program.ts'

/** `args` without the interpreter and the script. */
export async function main(args: readonly string[], io: CommandIo = processIo): Promise<number> {
  let exitCode = 0
  const program = createProgram(io, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage
    if (error instanceof OperatorError) {
      io.err(`${error.message}\n`)
      return error.exitCode
    }
    io.err(`A fault of fips-radio itself: ${reasonOf(error)} (please report it)\n`)
    return EXIT_CODES.internal
  }
}
