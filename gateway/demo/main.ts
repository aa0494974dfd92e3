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
const DEFAULT_COLUMNS = 120
const DEFAULT_ROWS = 50

/** Runs the demo and returns the exit code. */
export async function demo(argv: readonly string[]): Promise<number> {
  const options = parseDemoOptions(argv)
  const clock = new PacedClock(systemClock, options.speed)
  const island = new Island(options, clock, chooseCrypto())
  const startedAt = clock.now()
  let isInterrupted = false
  const interrupt = () => {
    isInterrupted = true
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const course = {
    isOver: () => isInterrupted || (options.once && clock.now() - startedAt > ONCE_LIMIT_MS),
  }
  const show = options.json ? () => undefined : display(island)
  await island.open()
  const redraw = setInterval(show, REDRAW_MS)
  const isComplete = await pingAll(island, clock, course)
  if (!options.once) await keepBusy(island, clock, course)
  clearInterval(redraw)
  show()
  const report = reportOf(island.state())
  await island.close()
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  return isComplete && report.ok ? 0 : 1
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
