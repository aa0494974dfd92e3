import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accept, reject } from '../../core/index.ts'

test('a rejection carries its code and only the details given', () => {
  assert.deepEqual(accept(3), { ok: true, value: 3 })
  assert.deepEqual(reject('too-short', 4, 2), { ok: false, code: 'too-short', expected: 4, got: 2 })
  assert.deepEqual(reject('empty'), { ok: false, code: 'empty' })
})
