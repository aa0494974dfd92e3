import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { Identity, npubOf } from '../../../core/index.ts'
import {
  faultText,
  HostMap,
  hostNameFault,
  parseHosts,
  parsePeerList,
  PeerLists,
  WatchedFile,
} from '../../../gateway/access/index.ts'

const [ANN, BOB, CAROL] = [1, 2, 3].map((fill) => Identity.fromSecret(new Uint8Array(32).fill(fill)))
assert.ok(ANN && BOB && CAROL)
const [ann, bob] = [npubOf(ANN.publicKey), npubOf(BOB.publicKey)]

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'fips-access-'))
  t.after(() => rmSync(made, { recursive: true }))
  return made
}

test('hosts: names and keys, comments and blank lines; wrong lines are told by number and skipped', () => {
  const text = `# names\n\n  Ann   ${ann}\n\t# more\nbob ${bob} extra\nnpub1x ${bob}\n-bob ${bob}\nbo_b ${bob}\nbob npub1nonsense\nlonely\r\nbob ${bob}\r\n`
  const { entries, faults } = parseHosts(text, 'hosts')
  assert.deepEqual(
    entries.map(({ name, publicKey }) => [name, npubOf(publicKey)]),
    [
      ['ann', ann],
      ['bob', bob],
    ],
  )
  assert.deepEqual(
    faults.map(({ line }) => line),
    [5, 6, 7, 8, 9, 10],
  )
  assert.match(
    faultText(faults[4] ?? { path: '', line: 0, message: '' }),
    /^hosts:9: "npub1nonsense" is not an npub/,
  )
})

test('hosts: what a name may be', () => {
  for (const name of ['a', 'A1', 'my-node', 'x'.repeat(63), '0'])
    assert.equal(hostNameFault(name), undefined, name)
  for (const name of ['', '-', '-a', 'a-', 'a.b', 'é', 'NPUB1abc', 'x'.repeat(64)])
    assert.ok(hostNameFault(name), name)
})

test('hosts: the file wins over aliases, and changes are seen', (t) => {
  const path = join(folder(t), 'hosts')
  const map = new HostMap([{ name: 'Gate', publicKey: ANN.publicKey }], path)
  assert.deepEqual(map.find('GATE'), ANN.publicKey)
  assert.equal(map.nameOf(ANN.nodeAddr), 'gate')
  assert.equal(map.refresh(), false)
  writeFileSync(path, `gate ${bob}\nnonsense\n`)
  assert.equal(map.refresh(), true)
  assert.deepEqual(map.find('gate'), BOB.publicKey)
  assert.equal(map.faults.length, 1)
  rmSync(path)
  assert.equal(map.refresh(), true)
  assert.deepEqual(map.find('gate'), ANN.publicKey)
  assert.equal(map.faults.length, 0)
})

test('watched file: what was read stays in force while the file cannot be read', (t) => {
  const path = join(folder(t), 'deny')
  writeFileSync(path, 'ALL\n')
  const file = new WatchedFile(path)
  writeFileSync(path, 'x'.repeat(2 ** 20 + 1))
  assert.equal(file.refresh(), true)
  assert.equal(file.text, 'ALL\n')
  assert.match(file.fault?.message ?? '', /longer than/)
  const directory = new WatchedFile(folder(t))
  assert.equal(directory.text, undefined)
  assert.match(directory.fault?.message ?? '', /cannot be read/)
})

test('peer lists: npubs, names, ALL and comments; wrong lines are told', () => {
  const hosts = { find: (name: string) => (name === 'bob' ? BOB.publicKey : undefined) }
  const list = parsePeerList(
    `${ann} # our gateway\n\nbob\nbob\nall\nstranger\n${ann} ${bob}\n#x`,
    'peers.allow',
    hosts,
  )
  assert.deepEqual(list.keys, [ANN.publicKey, BOB.publicKey])
  assert.equal(list.all, true)
  assert.deepEqual(list.entries, [ann, 'bob', 'ALL'])
  assert.deepEqual(list.faults.map(faultText), [
    'peers.allow:6: "stranger" is neither an npub nor a name of the hosts file',
    `peers.allow:7: expected one npub, name or ALL on the line, found "${ann} ${bob}"`,
  ])
})

test('peer lists: what the node is told, by the rule that allow comes first', (t) => {
  const where = folder(t)
  const [allow, deny] = [join(where, 'peers.allow'), join(where, 'peers.deny')]
  const hosts = new HostMap([{ name: 'carol', publicKey: CAROL.publicKey }], join(where, 'hosts'))
  const lists = new PeerLists(hosts, allow, deny)
  assert.deepEqual(lists.rules(), { allow: undefined, deny: [], allowAll: false, denyAll: false })
  assert.equal(lists.refresh(), false)

  writeFileSync(allow, `${ann}\ncarol\n`)
  writeFileSync(deny, `${ann}\n${bob}\n`)
  assert.equal(lists.refresh(), true)
  assert.deepEqual(lists.rules(), {
    allow: [ANN.publicKey, CAROL.publicKey],
    deny: [BOB.publicKey],
    allowAll: false,
    denyAll: false,
  })

  writeFileSync(deny, 'ALL\n# and nobody else\n')
  lists.refresh()
  assert.equal(lists.rules().denyAll, true)
  writeFileSync(allow, `ALL\n# all but carol are named\n`)
  lists.refresh()
  assert.deepEqual(lists.rules(), { allow: [], deny: [], allowAll: true, denyAll: false })

  writeFileSync(allow, `carol\n`)
  writeFileSync(join(where, 'hosts'), `carol ${bob}\n`)
  assert.equal(lists.refresh(hosts.refresh()), true)
  assert.deepEqual(lists.allow.keys, [BOB.publicKey])
})

test('lists: no text makes a parser throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      parseHosts(text, 'hosts')
      parsePeerList(text, 'peers.allow', { find: () => undefined })
    }),
    { seed: 2, numRuns: 500 },
  )
})
