/** `fips-radio run`: the daemon in the foreground, from configuration to the last goodbye. */
import { loadConfig, problemLine, type LogLevel } from '../config/index.ts'
import type { Daemon as RunningDaemon } from '../daemon/index.ts'
import { EXIT_CODES, reasonOf } from '../errors.ts'
import { createLogger, type Logger } from '../logger/index.ts'
import type { CommandIo } from './io.ts'

/** For saying goodbye after a fault. */
const LAST_GOODBYE_MS = 5000

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
  const daemon = new Daemon({ loaded, logger, tun: options.tun })
  stopOnFault(daemon, logger)
  const signalled = stopOnSignal(daemon, logger)
  await daemon.start()
  await signalled
  return 0
}

/** Resolves when a signal has come, also during the start, and everything is closed. */
function stopOnSignal(daemon: RunningDaemon, logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      logger.info(`${signal}: saying goodbye to the peers`)
      void daemon.stop().finally(resolve)
    }
    process.once('SIGTERM', stop)
    process.once('SIGINT', stop)
  })
}

/** A fault of ours ends the daemon with one line and its goodbyes, so that a service manager starts it afresh. */
function stopOnFault(daemon: RunningDaemon, logger: Logger): void {
  let isEnding = false
  const end = (error: unknown): void => {
    logger.error(`a fault of fips-radio itself: ${reasonOf(error)} (please report it)`)
    logger.debug(error instanceof Error ? (error.stack ?? '') : '')
    if (isEnding) return
    isEnding = true
    // A second fault while stopping, or a stop that hangs, must not keep the process.
    setTimeout(() => process.exit(EXIT_CODES.internal), LAST_GOODBYE_MS).unref()
    void stopThenExit(daemon)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}

async function stopThenExit(daemon: RunningDaemon): Promise<void> {
  try {
    await daemon.stop()
  } finally {
    process.exit(EXIT_CODES.internal)
  }
}
