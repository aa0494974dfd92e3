/**
 * Loaded into a node under test by `node --import`: at each SIGUSR2 the time of day jumps, for this process alone, a day ahead
 * and then two days back. Monotonic time goes on.
 */
const DAY_MS = 86_400_000

const realNow = Date.now
let offsetMs = 0
Date.now = () => realNow() + offsetMs
process.on('SIGUSR2', () => {
  offsetMs = offsetMs > 0 ? -DAY_MS : DAY_MS
  process.stdout.write(`the clock jumped to ${new Date(Date.now()).toISOString()}\n`)
})
