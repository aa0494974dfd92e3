/**
 * Loaded into a node under test by `node --expose-gc --import`: at each SIGUSR2 it collects garbage and prints one line of
 * JSON behind `resources `, of what the process holds.
 */
import { RESOURCES_MARK, type Resources } from './resources-line.ts'

process.on('SIGUSR2', () => {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  const open: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) open[kind] = (open[kind] ?? 0) + 1
  const resources: Resources = { rss, heapUsed, open }
  process.stdout.write(`${RESOURCES_MARK}${JSON.stringify(resources)}\n`)
})
