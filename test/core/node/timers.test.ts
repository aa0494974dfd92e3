/** The table of instants against a naive one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { TimerTable } from '../../../core/node/timers.ts'

const KINDS = ['a', 'b', 'c'] as const
const SUBJECTS = ['x', 'y'] as const
type Kind = (typeof KINDS)[number]
type Subject = (typeof SUBJECTS)[number]

const command = fc.record({
  op: fc.constantFrom('set', 'setNoLater', 'clear', 'clearAll', 'take'),
  kind: fc.constantFrom(...KINDS),
  subject: fc.constantFrom(...SUBJECTS),
  at: fc.nat({ max: 50 }),
})

test('the next instant and what is due are those of a plain list, whatever was set and cleared', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const table = new TimerTable<Kind, Subject>()
      const naive = new Map<string, number>()
      for (const { op, kind, subject, at } of commands) {
        const key = `${kind}${subject}`
        switch (op) {
          case 'set':
            table.set(kind, subject, at)
            naive.set(key, at)
            break
          case 'setNoLater':
            table.setNoLater(kind, subject, at)
            naive.set(key, Math.min(at, naive.get(key) ?? Infinity))
            break
          case 'clear':
            table.clear(kind, subject)
            naive.delete(key)
            break
          case 'clearAll':
            table.clearAll(subject, 'c')
            for (const each of ['a', 'b']) naive.delete(`${each}${subject}`)
            break
          case 'take': {
            const due = table.takeDue(at).map((timer) => `${timer.kind}${timer.subject}`)
            const expected = [...naive].filter(([, instant]) => instant <= at).map(([name]) => name)
            assert.deepEqual([...due].sort(), expected.sort())
            for (const name of expected) naive.delete(name)
          }
        }
        const least = naive.size === 0 ? undefined : Math.min(...naive.values())
        assert.equal(table.next(), least)
        assert.equal(table.get(kind, subject), naive.get(key))
      }
    }),
    { seed: 1, numRuns: 300 },
  )
})

test('what is due comes in the order of its instants', () => {
  const table = new TimerTable<Kind, Subject>()
  table.set('a', 'x', 30)
  table.set('b', 'y', 10)
  table.set('c', 'x', 20)
  assert.deepEqual(
    table.takeDue(30).map(({ kind }) => kind),
    ['b', 'c', 'a'],
  )
  assert.equal(table.next(), undefined)
})
