/** `npm start`: starts the island, shows it, and ends as it was asked to. */
import { PacedClock } from '../../boards/index.ts'
import { systemClock } from '../../transports/index.ts'
import { chooseCrypto } from '../crypto/index.ts'
import { Island } from './island.ts'
import { parseDemoOptions } from './options.ts'
import { keepBusy, pingAll } from './run.ts'
import { changes, LiveScreen } from './screen.ts'
import { reportOf } from './state.ts'

const REDRAW_MS = 500
/** `--once` gives up after this much radio time. */
const ONCE_LIMIT_MS = 600_000
const EXIT_OK = 0
const EXIT_UNANSWERED = 1
const EXIT_INTERRUPTED = 130
const DEFAULT_COLUMNS = 120
const DEFAULT_ROWS = 50

/** Runs the demo and returns the exit code: 0 when every pair has answered, 1 when not, 130 when interrupted before. */
export async function demo(argv: readonly string[]): Promise<number> {
  const options = parseDemoOptions(argv)
  const clock = new PacedClock(systemClock, options.speed)
  const island = new Island(options, clock, chooseCrypto())
  const interrupted = signalled()
  const end = clock.now() + (options.once ? ONCE_LIMIT_MS : Number.POSITIVE_INFINITY)
  let isInterrupted = false
  const course = { isOver: () => isInterrupted || clock.now() > end }
  const show = options.json ? () => undefined : display(island)
  await island.open()
  const redraw = setInterval(show, REDRAW_MS)
  const run = async (): Promise<void> => {
    await pingAll(island, clock, course)
    if (!options.once) await keepBusy(island, clock, course)
  }
  await Promise.race([run(), interrupted.then(() => (isInterrupted = true))])
  clearInterval(redraw)
  show()
  const report = reportOf(island.state())
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
  await island.close()
  if (report.ok) return EXIT_OK
  return isInterrupted ? EXIT_INTERRUPTED : EXIT_UNANSWERED
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}

/** In place on a terminal; one plain line for each thing that changed elsewhere. */
function display(island: Island): () => void {
  const { stdout } = process
  if (stdout.isTTY) {
    const screen = new LiveScreen((text) => stdout.write(text))
    return () => screen.draw(island.state(), stdout.columns || DEFAULT_COLUMNS, stdout.rows || DEFAULT_ROWS)
  }
  let before = island.state()
  return () => {
    const now = island.state()
    for (const line of changes(before, now)) stdout.write(`${line}\n`)
    before = now
  }
}
