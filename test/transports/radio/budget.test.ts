import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { SubBandBudget } from '../../../transports/radio/index.ts'

const HOUR = 3_600_000

test('no window of an hour holds more airtime than the duty cycle', () => {
  const tries = fc.array(fc.record({ pause: fc.nat(400_000), airtime: fc.integer({ min: 1, max: 9_000 }) }), {
    minLength: 1,
    maxLength: 300,
  })
  fc.assert(
    fc.property(tries, (steps) => {
      const budget = new SubBandBudget(0.01)
      const sent: { at: number; airtime: number }[] = []
      let now = 5_000
      for (const { pause, airtime } of steps) {
        now += pause
        now += budget.allow(airtime, now)
        assert.equal(budget.allow(airtime, now), 0, 'the promised instant is not too early')
        budget.spend(airtime, now)
        sent.push({ at: now, airtime })
        const used = sent.filter(({ at }) => at > now - HOUR).reduce((sum, frame) => sum + frame.airtime, 0)
        assert.ok(used <= 0.01 * HOUR)
      }
    }),
    { numRuns: 200, seed: 5 },
  )
})

test('what was spent before a restart still counts after it', () => {
  const before = new SubBandBudget(0.01)
  before.spend(30_000, 100_000)
  const saved = structuredClone(before.save(130_000))
  const after = new SubBandBudget(0.01)
  after.restore(saved, 60_000, 1_000)
  assert.ok(after.allow(10_000, 1_000) > 0)
  assert.equal(after.allow(5_000, 1_000), 0)
  assert.equal(after.allow(10_000, 1_000 + HOUR), 0)
})

test('a damaged memory counts as spent', () => {
  const budget = new SubBandBudget(0.01)
  budget.restore({ minutes: [Number.NaN, -5], age: 0 }, 0, 0)
  assert.ok(budget.allow(1, 0) > 0)
})

test('what exceeds the whole hour is never allowed, and no limit is no wait', () => {
  assert.equal(new SubBandBudget(0.001).allow(9_000, 0), Infinity)
  assert.equal(new SubBandBudget(1).allow(9_000, 0), 0)
})
