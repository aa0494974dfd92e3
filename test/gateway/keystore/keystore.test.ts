/** Key files: modes, what is never overwritten, and what stops a start. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { OperatorError, type ExitKind } from '../../../gateway/errors.ts'
import {
  generateKeyFiles,
  resolveIdentity,
  writeWhole,
  type FileCalls,
} from '../../../gateway/keystore/index.ts'
import { systemRng } from '../../../gateway/rng.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fips-keys-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const key = (): string => join(directory, 'fips.key')
const modeOf = (path: string): number => statSync(path).mode & 0o777
const persistent = () => ({ nsec: undefined, persistent: true, directory })

function fails(kind: ExitKind, pattern: RegExp, run: () => unknown): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof OperatorError, String(error))
    assert.equal(error.kind, kind)
    assert.match(error.message, pattern)
    return true
  })
}

test('a persistent node makes its key once, with mode 0600, and keeps it', () => {
  const first = resolveIdentity(persistent(), systemRng)
  const second = resolveIdentity(persistent(), systemRng)
  assert.equal(first.source, 'generated')
  assert.equal(second.source, 'key-file')
  assert.equal(second.identity.npub, first.identity.npub)
  assert.equal(modeOf(key()), 0o600)
  assert.equal(modeOf(join(directory, 'fips.pub')), 0o644)
  assert.match(readFileSync(key(), 'utf8'), /^nsec1[0-9a-z]{58}\n$/)
  assert.equal(readFileSync(join(directory, 'fips.pub'), 'utf8'), `${first.identity.npub}\n`)
  assert.deepEqual(readdirSync(directory).toSorted(), ['fips.key', 'fips.pub'])
})

test('an ephemeral node writes its public key only, and leaves a key file alone', () => {
  const ephemeral = { nsec: undefined, persistent: false, directory }
  const { identity } = resolveIdentity(ephemeral, systemRng)
  assert.deepEqual(readdirSync(directory), ['fips.pub'])
  assert.equal(readFileSync(join(directory, 'fips.pub'), 'utf8'), `${identity.npub}\n`)

  const kept = generateKeyFiles(directory, systemRng)
  const again = resolveIdentity(ephemeral, systemRng)
  assert.notEqual(again.identity.npub, kept.npub)
  assert.match(again.remarks.join(), /persistent: true/)
  assert.equal(readFileSync(join(directory, 'fips.pub'), 'utf8'), `${kept.npub}\n`)
})

test('the key of the configuration wins, as nsec and as hex', () => {
  const hex = '0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20'
  const { identity, source } = resolveIdentity({ ...persistent(), nsec: hex }, systemRng)
  assert.equal(source, 'config')
  assert.equal(existsSync(key()), false)
  writeFileSync(key(), `${hex}\n`, { mode: 0o600 })
  assert.equal(resolveIdentity(persistent(), systemRng).identity.npub, identity.npub)
})

test('a key file open to others stops the start and says how to close it', () => {
  generateKeyFiles(directory, systemRng)
  chmodSync(key(), 0o644)
  fails('identity', /can be used by others \(mode 0644\).*chmod 600/, () =>
    resolveIdentity(persistent(), systemRng),
  )
})

test('a damaged, empty or odd key file stops the start, and is not quoted', () => {
  for (const text of ['', 'nsec1qqqq', 'zz'.repeat(32), '0'.repeat(64), 'x'.repeat(5000)]) {
    writeFileSync(key(), text, { mode: 0o600 })
    fails('identity', /holds no secret key|is no key file/, () => resolveIdentity(persistent(), systemRng))
  }
  rmSync(key())
  mkdirSync(key())
  fails('identity', /is no key file/, () => resolveIdentity(persistent(), systemRng))
})

test('a key path that cannot be looked at stops the start instead of making a new identity', () => {
  writeFileSync(join(directory, 'file'), '')
  const below = join(directory, 'file', 'below')
  fails('identity', /does not start with another identity/, () =>
    resolveIdentity({ nsec: undefined, persistent: true, directory: below }, systemRng),
  )
  fails('identity', /needs a configuration file/, () =>
    resolveIdentity({ nsec: undefined, persistent: true, directory: undefined }, systemRng),
  )
})

test('making a key never overwrites one unless told to', () => {
  const first = generateKeyFiles(directory, systemRng)
  fails('identity', /exists already/, () => generateKeyFiles(directory, systemRng))
  assert.equal(resolveIdentity(persistent(), systemRng).identity.npub, first.npub)
  const second = generateKeyFiles(directory, systemRng, true)
  assert.equal(resolveIdentity(persistent(), systemRng).identity.npub, second.npub)
})

test('a full disk is one sentence; the old file is whole and no piece of the new one stays', () => {
  const path = join(directory, 'state')
  writeWhole({ path, text: 'old', mode: 0o600, intent: 'replace' })
  const full: FileCalls = {
    renameSync,
    writeSync(): number {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    },
  }
  fails('storage', /the disk is full; free some space/, () =>
    writeWhole({ path, text: 'new', mode: 0o600, intent: 'replace' }, full),
  )
  assert.equal(readFileSync(path, 'utf8'), 'old')
  assert.deepEqual(readdirSync(directory), ['state'])
})
