/** Help is complete: every command and option is explained, and a change of the command line is seen here. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fipsRadio } from './terminal.ts'

const SNAPSHOT = new URL('../../../../test/gateway/cli/help.txt', import.meta.url)
const COMMANDS = [
  [],
  ['run'],
  ['status'],
  ['peers'],
  ['tree'],
  ['sessions'],
  ['transports'],
  ['ping'],
  ['keygen'],
  ['config'],
  ['config', 'check'],
] as const

test('the help of every command is as written down', async () => {
  const texts: string[] = []
  for (const command of COMMANDS) {
    const { code, out } = await fipsRadio(...command, '--help')
    assert.equal(code, 0)
    texts.push(`$ fips-radio ${[...command, '--help'].join(' ')}\n${out}`)
  }
  const help = texts.join('\n')
  // UPDATE_SNAPSHOTS=1 writes it anew, to be read before it is committed.
  if (process.env['UPDATE_SNAPSHOTS'] === '1') writeFileSync(SNAPSHOT, help)
  assert.equal(help, readFileSync(SNAPSHOT, 'utf8'))
})

test('`help COMMAND` is the same as `COMMAND --help`', async () => {
  assert.equal((await fipsRadio('help', 'ping')).out, (await fipsRadio('ping', '--help')).out)
  assert.equal((await fipsRadio('help')).out, (await fipsRadio('--help')).out)
})

test('a wrong command line ends with 2 and points to the help', async () => {
  for (const args of [
    ['nope'],
    ['ping'],
    ['status', '--nope'],
    ['ping', 'npub1x', '-n', '0'],
    ['run', '--log-level', 'loud'],
  ]) {
    const { code, err } = await fipsRadio(...args)
    assert.equal(code, 2, args.join(' '))
    assert.match(err, /--help/)
    assert.doesNotMatch(err, /\n\s+at /)
  }
})

test('the version is that of the package', async () => {
  const manifest = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')
  const version = /"version": "([^"]+)"/.exec(manifest)?.[1]
  assert.equal((await fipsRadio('--version')).out, `${version}\n`)
})
