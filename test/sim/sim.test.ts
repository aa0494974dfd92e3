/**
 * Simulated networks: what the tables claim, and that they are the same as when somebody last looked. After a change that
 * is meant: `npm run bench -- sim --renew`, read the difference, and commit it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isMet, toText } from '../bench/report.ts'
import { simulateAll } from './in-parallel.ts'
import { simReport } from './report.ts'
import { CI_RUNS, QUICK_RUNS } from './runs.ts'
import { snapshot } from './snapshot.ts'

test('sim: networks agree, find, heal and live through restarts, as the snapshot has it', async () => {
  const children = await simulateAll(CI_RUNS)
  const report = simReport(
    CI_RUNS,
    children.map(({ findings }) => findings),
  )
  for (const row of report.rows) assert.notEqual(isMet(row), false, `${row.what}\n${toText(report)}`)
  assert.equal(`${toText(report)}\n`, snapshot('ci'))
})

test('sim: one seed gives one table', () => {
  assert.deepEqual(simReport(QUICK_RUNS), simReport(QUICK_RUNS))
})
