/** `peers.allow` and `peers.deny` with their wildcards. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeAddrOf } from '../../../core/index.ts'
import { AccessLists } from '../../../core/peer/index.ts'

const LISTED = new Uint8Array(32).fill(1)
const OTHER = new Uint8Array(32).fill(2)

function judged(rules: Parameters<AccessLists['replace']>[0]): readonly string[] {
  const lists = new AccessLists()
  lists.replace(rules)
  return [LISTED, OTHER].map((key) => {
    const addr = nodeAddrOf(key)
    if (lists.isDenied(addr)) return 'denied'
    return lists.isAllowed(addr) ? 'allowed' : 'neither'
  })
}

test('lists name peers, wildcards name the rest', () => {
  assert.deepEqual(judged({ allow: undefined, deny: [] }), ['neither', 'neither'])
  assert.deepEqual(judged({ allow: [LISTED], deny: [] }), ['allowed', 'neither'])
  assert.deepEqual(judged({ allow: undefined, deny: [LISTED] }), ['denied', 'neither'])
  assert.deepEqual(judged({ allow: undefined, deny: [], allowAll: true }), ['allowed', 'allowed'])
  assert.deepEqual(judged({ allow: undefined, deny: [], denyAll: true }), ['denied', 'denied'])
  assert.deepEqual(judged({ allow: [LISTED], deny: [], denyAll: true }), ['allowed', 'denied'])
})

test('new lists replace the old ones whole', () => {
  const lists = new AccessLists()
  lists.replace({ allow: [LISTED], deny: [], denyAll: true })
  lists.replace({ allow: undefined, deny: [] })
  assert.equal(lists.isDenied(nodeAddrOf(OTHER)), false)
  assert.equal(lists.isAllowed(nodeAddrOf(LISTED)), false)
})
