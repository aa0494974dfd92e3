import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BOARD_NAMES, boardDriver } from '../../boards/index.ts'

test('drivers are found by the name a configuration gives them', () => {
  assert.deepEqual(BOARD_NAMES, ['rnode'])
  assert.match(boardDriver('rnode')?.description ?? '', /RNode/)
  assert.equal(boardDriver('meshcore'), undefined)
})
