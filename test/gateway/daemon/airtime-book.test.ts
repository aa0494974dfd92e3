/** The airtime of the last hour across restarts: shared by radios, never given back, cautious in doubt. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { checkRegion, regionPlan, type SubBand } from '../../../boards/index.ts'
import { AIRTIME_FILE, AirtimeBook } from '../../../gateway/daemon/airtime-book.ts'
import { createLogger } from '../../../gateway/logger/index.ts'
import { scratch } from '../../support/live-node.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const HOUR = 3_600_000

function subBand(frequencyHz: number): SubBand {
  const plan = regionPlan('EU868')
  assert.ok(plan.ok)
  const params = { bandwidthHz: 125_000, spreadingFactor: 8, codingRate: 5, txPowerDbm: 14 }
  const found = checkRegion(plan.value, { ...params, frequencyHz })
  assert.ok(found.ok)
  return found.value
}

/** One percent: 36 s an hour. */
const BAND = subBand(868_300_000)

interface Bench {
  readonly path: string
  readonly clock: VirtualClock
  readonly log: string[]
  readonly open: () => AirtimeBook
}

function bench(t: TestContext): Bench {
  const path = join(scratch(t), AIRTIME_FILE)
  const clock = new VirtualClock()
  clock.advance(HOUR)
  const log: string[] = []
  const logger = createLogger({ level: 'info', format: 'plain', write: (line) => void log.push(line) })
  return { path, clock, log, open: () => new AirtimeBook({ path, clock, logger }) }
}

test('radios of one sub-band share its budget, those of others have their own', (t) => {
  const { clock, open } = bench(t)
  const book = open()
  book.budgetOf(BAND).spend(30_000, clock.now())
  assert.ok(book.budgetOf(BAND).allow(10_000, clock.now()) > 0)
  assert.equal(book.budgetOf(subBand(869_525_000)).allow(10_000, clock.now()), 0)
  assert.deepEqual(book.use(BAND), { usedMs: 30_000, allowedMs: 36_000 })
})

test('a restart gives no airtime back, and the file is for the owner alone', (t) => {
  const { path, clock, open, log } = bench(t)
  const book = open()
  book.budgetOf(BAND).spend(30_000, clock.now())
  book.close()
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const again = open()
  assert.ok(again.budgetOf(BAND).allow(10_000, clock.now()) > 0)
  assert.equal(again.use(BAND).usedMs, 30_000)
  assert.deepEqual(log, [])
})

test('a power cut forgets nothing that was sent', (t) => {
  const { clock, open } = bench(t)
  const budget = open().budgetOf(BAND)
  let sent = 0
  for (const airtime of [100, 700, 900, 50, 800, 300, 900]) {
    budget.spend(airtime, clock.now())
    sent += airtime
    const after = open()
    after.budgetOf(BAND)
    assert.ok(after.use(BAND).usedMs >= sent, `${after.use(BAND).usedMs} of ${sent}`)
  }
})

test('a file that is damaged or cannot be read counts as an allowance used up, and says so', (t) => {
  const { path, clock, open, log } = bench(t)
  const damage = [
    () => writeFileSync(path, '{"EU868'),
    () => writeFileSync(path, '[]'),
    () =>
      writeFileSync(path, JSON.stringify({ [BAND.name]: { state: { minutes: ['1'], age: 0 }, savedAt: 1 } })),
    () => mkdirSync(path),
  ]
  for (const spoil of damage) {
    rmSync(path, { recursive: true, force: true })
    spoil()
    log.length = 0
    const budget = open().budgetOf(BAND)
    assert.ok(budget.allow(1000, clock.now()) > 0)
    assert.equal(budget.allow(1000, clock.now() + HOUR + 60_000), 0)
    assert.match(log.join(''), /fips\.airtime .*counts as used up/)
  }
})

test('bands that no radio uses now stay in the file', (t) => {
  const { path, clock, open } = bench(t)
  const first = open()
  first.budgetOf(BAND).spend(20_000, clock.now())
  first.close()
  const other = open()
  other.budgetOf(subBand(869_525_000))
  other.close()
  assert.ok(readFileSync(path, 'utf8').includes(BAND.name))
  const back = open()
  back.budgetOf(BAND)
  assert.equal(back.use(BAND).usedMs, 20_000)
})

test('a disk that refuses the file is one warning, and the budget holds', (t) => {
  const { path, clock, open, log } = bench(t)
  mkdirSync(`${path}/in the way`, { recursive: true })
  const budget = open().budgetOf(BAND)
  for (let i = 0; i < 40; i++) budget.spend(500, clock.now())
  assert.equal(log.filter((line) => line.includes('cannot be saved')).length, 1, log.join(''))
  assert.deepEqual(readdirSync(path), ['in the way'])
})
