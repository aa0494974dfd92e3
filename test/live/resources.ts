/**
 * Loaded into a node under test by `node --expose-gc --import`: at each SIGUSR2 it collects garbage and prints one line of
 * JSON behind `resources `, of what the process holds.
 */
process.on('SIGUSR2', () => {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  const open: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) open[kind] = (open[kind] ?? 0) + 1
  process.stdout.write(`${RESOURCES_MARK}${JSON.stringify({ rss, heapUsed, open })}\n`)
})

export const RESOURCES_MARK = 'resources '

export interface Resources {
  /** Bytes. */
  readonly rss: number
  readonly heapUsed: number
  /** Handles and timers that are open, by kind. */
  readonly open: Readonly<Record<string, number>>
}
