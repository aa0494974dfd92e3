/** The commands against a running daemon, and their exit codes without one. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startPair, type TestDaemon } from '../daemon/pair.ts'
import { fipsRadio } from './terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'fips-cli-'))
let pair: readonly [TestDaemon, TestDaemon]
before(async () => {
  pair = await startPair()
})
after(async () => {
  await pair[1].stop()
  await pair[0].stop()
  rmSync(directory, { recursive: true })
})

test('status, peers, tree, sessions and transports are tables for people', async () => {
  const socket = pair[1].socket
  const shown: readonly (readonly [string, RegExp])[] = [
    ['status', new RegExp(`^node +${pair[1].npub}\n`)],
    ['peers', /^peer +medium .*\nfirst +udp 127\.0\.0\.1:\d+ +connected /],
    ['tree', /^this node +[0-9a-f]{32}\n/],
    ['sessions', /^with .*\nfirst +established +us /],
    ['transports', /^medium +state .*\nudp +up +127\.0\.0\.1:\d+ +1280 /],
  ]
  for (const [command, pattern] of shown) {
    const { code, out, err } = await fipsRadio(command, '--socket', socket)
    assert.equal(code, 0, err)
    assert.match(out, pattern)
  }
})

test('--json prints the reply of the daemon', async () => {
  const { out } = await fipsRadio('status', '--json', '-s', pair[0].socket)
  const status: unknown = JSON.parse(out)
  assert.ok(typeof status === 'object' && status !== null && 'npub' in status)
  assert.equal(status.npub, pair[0].npub)
})

test('ping prints round trips and ends with 0; without a reply it ends with 1', async () => {
  const { socket } = pair[1]
  const there = await fipsRadio('ping', pair[0].npub, '-n', '2', '-i', '0', '-s', socket)
  assert.equal(there.code, 0)
  assert.match(there.out, /64 bytes from [0-9a-f]{32}: seq 2, .* ms\n\n2 sent, 2 received; round trip/)

  assert.equal((await fipsRadio('ping', 'first.fips', '-n', '1', '-s', socket)).code, 0)
  const unknown = await fipsRadio('ping', 'frist', '-n', '1', '-s', socket)
  assert.equal(unknown.code, 1)
  assert.match(unknown.err, /'frist' is neither a public key .* nor a name/)

  const nobody = 'npub1vdrucn4t2hpmwhsfzt02zyceev3cvp6r6q8930s7ecf0p0plgyfqgehc27'
  const lost = await fipsRadio('ping', nobody, '-n', '1', '-w', '200', '-s', socket, '--json')
  assert.equal(lost.code, 1)
  assert.match(lost.out, /"sent":1,"received":0/)
})

test('without a daemon a question ends with 10 and says how to start one', async () => {
  const { code, err } = await fipsRadio('status', '-s', join(directory, 'none.sock'))
  assert.equal(code, 10)
  assert.match(err, /^No daemon runs on .*fips-radio run/)
})

test('keygen makes an identity once', async () => {
  const { code, out } = await fipsRadio('keygen', '-d', directory)
  assert.equal(code, 0)
  assert.match(out, /^npub1[0-9a-z]{58}\n/)
  assert.ok(existsSync(join(directory, 'fips.key')))
  assert.doesNotMatch(out, /nsec1/)
  const again = await fipsRadio('keygen', '-d', directory)
  assert.equal(again.code, 4)
  assert.match(again.err, /exists already/)
  assert.equal((await fipsRadio('keygen', '-d', directory, '--force')).code, 0)
})

test('config check tells everything and ends with 0 or 3', async () => {
  const file = join(directory, 'fips.yaml')
  writeFileSync(file, 'tun: { mtu: 5 }\nnode: { leaf_onyl: true }\n')
  const bad = await fipsRadio('config', 'check', '-c', file)
  assert.equal(bad.code, 3)
  assert.match(bad.out, /error: .*:1: tun\.mtu is 5; .*\n(.*\n)*1 to mend\n$/)
  assert.match(bad.out, /warning: .*:2: unknown key node\.leaf_onyl is ignored; did you mean leaf_only\?/)
  writeFileSync(file, 'tun: { mtu: 1280 }\n')
  const good = await fipsRadio('config', 'check', '-c', file, '--json')
  assert.equal(good.code, 0)
  assert.deepEqual(JSON.parse(good.out), { ok: true, files: [file], problems: [] })
})

test('run with a bad configuration ends with 3 and one sentence for each mistake', async () => {
  const file = join(directory, 'bad.yaml')
  writeFileSync(file, 'transports:\n\tudp:\n')
  const { code, err } = await fipsRadio('run', '-c', file)
  assert.equal(code, 3)
  assert.match(err, /bad\.yaml:2: this line is indented with a tab/)
  assert.doesNotMatch(err, /\n\s+at /)
})
