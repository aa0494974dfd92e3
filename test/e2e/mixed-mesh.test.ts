/**
 * Short form of `npm run mixed-mesh`: running nodes in namespaces, all of the Rust peer's, of both makes, and all ours, come up
 * on the same random graph of UDP and TCP links, are shaken, and are all reached again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIPS_PEER } from '../interop/rust-node.ts'
import { scenario } from '../live/scenario.ts'
import { needs } from '../support/requires.ts'

const skip = needs('root', 'program:ip', `file:${FIPS_PEER}`)

const PAIRS = 20
/** Pairs by which runs differ. */
const CHANCE = 2
const SETTINGS = { seed: 1, nodes: 8, edges: 13, tcp: 0.3, loss: 0, pairs: PAIRS, recoverWithinS: 15 }
/** One node killed, one link cut. */
const CHURN = { events: 2, everyMs: 8000 }

// The three stand side by side, so that none has a quieter machine than the others.
test('meshes of both makes, under churn', { skip, concurrency: 3 }, async (t) => {
  const meshes = ['rust', 'mixed', 'ours'] as const
  const [rust, mixed, ours] = await Promise.all(
    meshes.map((kind) => scenario(t, { ...SETTINGS, kind, churn: CHURN })),
  )
  assert.ok(rust && mixed && ours)
  t.diagnostic(JSON.stringify({ rust, mixed, ours }))
  assert.deepEqual([ours.before, ours.after], [PAIRS, PAIRS])
  // What Rust nodes lose among themselves is theirs, in the mixed mesh too; the long form compares.
  assert.ok(mixed.before >= rust.before - CHANCE && mixed.after >= rust.after - CHANCE)
  assert.ok(ours.underChurn >= rust.underChurn - CHANCE / PAIRS, 'ours delivers no less than the Rust peer')
})
