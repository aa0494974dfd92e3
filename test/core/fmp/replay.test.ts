import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { REPLAY_WINDOW, ReplayWindow } from '../../../core/index.ts'

/** The rule itself, with unlimited memory. */
class Model {
  readonly #seen = new Set<bigint>()
  #highest = 0n

  offer(counter: bigint): boolean {
    const tooOld = this.#highest - counter >= BigInt(REPLAY_WINDOW)
    if (tooOld || this.#seen.has(counter)) return false
    this.#seen.add(counter)
    if (counter > this.#highest) this.#highest = counter
    return true
  }
}

test('the window accepts what a list of all counters seen would accept', () => {
  const step = fc.oneof(
    fc.integer({ min: -2100, max: 2100 }),
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(2047, 2048, 2049, 4096, -2047, -2048, 70_000),
  )
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 63n }),
      fc.array(step, { minLength: 1, maxLength: 300 }),
      (start, steps) => {
        const window = new ReplayWindow()
        const model = new Model()
        let counter = start
        for (const by of steps) {
          counter += BigInt(by)
          if (counter < 0n) counter = 0n
          const fresh = window.check(counter)
          assert.equal(fresh, model.offer(counter), String(counter))
          if (fresh) window.accept(counter)
        }
      },
    ),
    { seed: 3, numRuns: 300 },
  )
})

test('the highest counter of all is accepted once', () => {
  const window = new ReplayWindow()
  const last = 2n ** 64n - 1n
  assert.equal(window.check(last), true)
  window.accept(last)
  assert.equal(window.check(last), false)
  assert.equal(window.highest, last)
})
