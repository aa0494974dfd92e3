/** The README's examples run as they are printed. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT, run } from '../support/process.ts'

test('two nodes over the memory transport link up and exchange a datagram', async () => {
  const { code, stdout, stderr } = await run(process.execPath, [join(ROOT, 'examples', 'two-nodes.mjs')])
  assert.equal(code, 0, stderr)
  assert.match(stdout, /alice: session-up\n/)
  assert.match(stdout, /bob got: hello\n$/)
})
