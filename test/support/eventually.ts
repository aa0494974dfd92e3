/** Waiting for a condition instead of for a time. */
import assert from 'node:assert/strict'

/** Calls `advance` until `condition` holds; fails naming `what` after `attempts`. */
export async function eventually(
  what: string,
  condition: () => boolean,
  advance: () => Promise<void>,
  attempts = 5000,
): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (condition()) return
    await advance()
  }
  assert.ok(condition(), `never happened: ${what}`)
}
