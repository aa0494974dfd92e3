/** The benchmarks run, their tables have the shape that others read, and a slower machine shows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ViewCipher, type Cipher, type Crypto } from '../../core/index.ts'
import { nodeCrypto } from '../../gateway/crypto/index.ts'
import { bulkShare } from './air-link.ts'
import { airReport } from './air.ts'
import { hostReport, QUICK_EFFORT } from './host.ts'
import { liveReport, QUICK_LIVE_EFFORT } from './live/live.ts'
import { median } from './measure.ts'
import { withTable } from './readme.ts'
import { atLeast, atMost, isMet, toJson, toText, type Report } from './report.ts'

/** Does everything `extra` times more. */
function slowed(crypto: Crypto, extra: number): Crypto {
  return { ...crypto, name: 'slowed', cipher: (key) => new SlowedCipher(crypto.cipher(key), extra) }
}

class SlowedCipher extends ViewCipher {
  readonly #cipher: Cipher
  readonly #extra: number

  constructor(cipher: Cipher, extra: number) {
    super()
    this.#cipher = cipher
    this.#extra = extra
  }

  seal(counter: bigint, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    for (let i = 0; i < this.#extra; i++) this.#cipher.seal(counter, aad, plaintext)
    return this.#cipher.seal(counter, aad, plaintext)
  }

  sealInto(counter: bigint, aad: Uint8Array, plaintext: Uint8Array, output: Uint8Array): void {
    output.set(this.seal(counter, aad, plaintext))
  }

  open(counter: bigint, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    for (let i = 0; i < this.#extra; i++) this.#cipher.open(counter, aad, sealed)
    return this.#cipher.open(counter, aad, sealed)
  }
}

test('bench host: every step is measured for every provider, and a slowed one comes out worse in all of them', async () => {
  const providers = [nodeCrypto, slowed(nodeCrypto, 20)]
  const report = await hostReport({ providers, effort: QUICK_EFFORT, coreOnly: true })
  assert.deepEqual(report.columns, ['node', 'slowed'])
  assert.deepEqual(
    report.rows.map(({ id }) => id),
    ['seal', 'open', 'forward', 'forward-mesh', 'originate', 'deliver'],
  )
  for (const { id, figures } of report.rows) {
    const { node, slowed: slow } = figures
    assert.ok(typeof node === 'number' && typeof slow === 'number', id)
    assert.ok(node > 0 && slow > 1.5 * node, `${id}: ${node} µs and slowed ${slow} µs`)
  }
})

test('bench host: the daemon is measured as a process, and without a peer there is no ratio', async () => {
  const { rows } = await liveReport({ kinds: ['ours'], effort: QUICK_LIVE_EFFORT })
  for (const { id, figures } of rows) {
    const isMeasured = !id.startsWith('tun-') && !['rss-16', 'rss-128'].includes(id)
    if (isMeasured) assert.ok(figures['ours']! > 0, id)
    assert.equal(figures['ratio'], null, id)
  }
})

test('bench air: every row has its figure and its target, and the same seed gives the same figure', async () => {
  const report = await airReport(true)
  assert.ok(report.rows.length >= 13)
  for (const { id, figures, target } of report.rows) {
    assert.ok(Number.isFinite(figures['here']), id)
    assert.ok(target !== undefined, id)
  }
  assert.equal(await bulkShare(1, 0.2, 20_000), await bulkShare(1, 0.2, 20_000))
})

const REPORT: Report = {
  bench: 'host',
  columns: ['fast', 'slow'],
  rows: [
    {
      id: 'a',
      what: 'a thing',
      unit: 'µs',
      figures: { fast: 1.2345, slow: 123.45 },
      target: atMost(1, 'fast'),
    },
    { id: 'b', what: 'share', unit: '', figures: { fast: 0.9, slow: null }, target: atLeast(0.85, 'fast') },
    { id: 'c', what: 'unknown', unit: '', figures: { fast: null }, target: atMost(1, 'fast'), note: 'why' },
  ],
  method: ['By hand.'],
}

test('bench: a target is met, not met, or open when its figure was not measured', () => {
  assert.deepEqual(REPORT.rows.map(isMet), [false, true, null])
})

test('bench: JSON has a row each with figures by column, target and verdict', () => {
  assert.deepEqual(JSON.parse(toJson([REPORT])), {
    bench: 'host',
    method: ['By hand.'],
    rows: [
      { id: 'a', what: 'a thing', unit: 'µs', fast: 1.23, slow: 123, target: 1, ok: false },
      { id: 'b', what: 'share', unit: '', fast: 0.9, slow: null, target: 0.85, ok: true },
      { id: 'c', what: 'unknown', unit: '', fast: null, slow: null, target: 1, ok: null, note: 'why' },
    ],
  })
  assert.match(toText(REPORT), /a thing +µs +1\.23 +123 +≤ 1 +not met/)
})

test('bench: the table replaces what stands between its marks, and only with both there', () => {
  const text = 'before\n<!-- bench:host -->\nold\n<!-- /bench:host -->\nafter\n'
  const once = withTable(text, REPORT)
  assert.ok(once !== undefined)
  assert.match(
    once,
    /^before\n<!-- bench:host -->\n\n\|[^]*\| a thing +\| +µs +\| +1\.23 +\| +123 +\| +≤ 1 +\| not met +\|/,
  )
  assert.doesNotMatch(once, /old/)
  assert.ok(once.endsWith('<!-- /bench:host -->\nafter\n'))
  assert.equal(withTable(once, REPORT), once)
  assert.equal(withTable('no marks', REPORT), undefined)
  assert.equal(withTable('<!-- bench:host --> and no end', REPORT), undefined)
})

test('bench: the median of an even number of values lies between the middle two', () => {
  assert.equal(median([5, 1, 3]), 3)
  assert.equal(median([4, 1, 3, 2]), 2.5)
})
