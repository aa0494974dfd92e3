/** `fips-radio run`: the daemon in the foreground, from configuration to the last goodbye. */
import { loadConfig, problemLine, type LogLevel } from '../config/index.ts'
import { createLogger } from '../logger/index.ts'
import type { CommandIo } from './io.ts'

export interface RunOptions {
  readonly config?: string
  /** False for `--no-tun`. */
  readonly tun: boolean
  readonly logLevel?: LogLevel
  readonly logJson?: boolean
}

/** Runs until a signal; resolves with the exit code. */
export async function runDaemon(io: CommandIo, options: RunOptions): Promise<number> {
  const loaded = loadConfig(options.config)
  const logger = createLogger({
    level: options.logLevel ?? loaded.config.node.logLevel,
    format: options.logJson === true ? 'json' : 'plain',
    write: io.err,
  })
  for (const note of loaded.notes) {
    if (note.severity === 'warning') logger.warn(problemLine(note))
    else logger.info(problemLine(note))
  }
  const { Daemon } = await import('../daemon/index.ts')
  const daemon = await Daemon.start({ loaded, logger, tun: options.tun })
  return daemon.untilStopped()
}
