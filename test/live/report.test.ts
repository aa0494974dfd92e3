/** When a mesh with ours in it counts as worse than one of Rust nodes alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Figure } from '../bench/report.ts'
import { worseThanRust } from './report.ts'

const CASES: readonly (readonly [id: string, unit: string, rust: Figure, ours: Figure, isWorse: boolean])[] =
  [
    ['loss-0-before', 'of 20', 20, 20, false],
    ['loss-0-before', 'of 20', 20, 19, true],
    ['loss-20-pairs', 'of 80', 50, 42, false],
    ['loss-20-pairs', 'of 80', 50, 41, true],
    ['loss-20-before', 'of 20', 20, 0, false],
    ['transit-udp', 'of 18', 18, 16, false],
    ['transit-udp', 'of 18', 18, 15, true],
    ['identity', 'of 7', 7, 6, true],
    ['loss-10-churn', '%', 60, 57, false],
    ['loss-10-churn', '%', 60, 56, true],
    ['loss-10-recovery', 's', 20, 23, false],
    ['loss-10-recovery', 's', 20, 24, true],
    ['loss-10-recovery', 's', 39, null, true],
    ['loss-10-recovery', 's', null, null, false],
    ['loss-10-recovery', 's', null, 39, false],
    ['loss-10-converged', 's', 1, 20, false],
    ['rekeys', 'rekeys', 60, 10, false],
  ]

test('worse is what is worse by more than chance, and what is not reached where Rust reaches it', () => {
  for (const [id, unit, rust, ours, isWorse] of CASES) {
    const row = { id, what: id, unit, figures: { rust, ours } }
    assert.deepEqual(worseThanRust(row), isWorse ? ['ours'] : [], `${id}: ${rust} and ${ours}`)
  }
})
