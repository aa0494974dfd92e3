/** The demo as its user meets it: the command line, the report, the picture on the terminal. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { LiveScreen, changes, render } from '../../../gateway/demo/screen.ts'
import { reportOf, type DemoReport, type IslandState } from '../../../gateway/demo/state.ts'
import { hopsBetween, topologyOf } from '../../../gateway/demo/topology.ts'
import { ROOT, run } from '../../support/process.ts'

const DEMO = join(ROOT, 'dist', 'gateway', 'bin', 'demo.js')

const STATE: IslandState = {
  elapsedMs: 61_000,
  nodes: [
    { name: 'gateway', npub: `npub1${'q'.repeat(58)}`, media: 'udp, lora', parent: 'gateway', depth: 0 },
    { name: 'radio-1', npub: `npub1${'z'.repeat(58)}`, media: 'lora', parent: 'gateway', depth: 1 },
  ],
  links: [
    {
      from: 'radio-1',
      to: 'gateway',
      npub: `npub1${'q'.repeat(58)}`,
      medium: 'lora',
      rssiDbm: -112,
      snrDb: 4.25,
      upAtMs: 9000,
    },
  ],
  pings: [{ from: 'radio-1', to: 'gateway', hops: 1, rttMs: 812.4, ok: true }],
  air: { frames: 12, bytes: 800, ms: 2600 },
  channelLoad: 0.25,
}

test('an island with one radio: every pair answers, the report says so, exit 0', async () => {
  const words = ['--once', '--json', '--seed', '7', '--nodes', '1', '--speed', '10']
  const { code, stdout, stderr } = await run(process.execPath, [DEMO, ...words])
  assert.equal(code, 0, stdout + stderr)
  assert.equal(stderr, '')
  const report: DemoReport = JSON.parse(stdout)
  assert.equal(report.ok, true)
  assert.deepEqual(new Set(report.links.map(({ medium }) => medium)), new Set(['lora', 'serial', 'udp']))
  assert.equal(report.pings.length, 3)
  for (const ping of report.pings)
    assert.ok(ping.ok && ping.rttMs !== null && ping.rttMs > 0 && ping.hops > 0)
  assert.ok(report.air.frames > 0 && report.air.bytes > report.air.frames && report.air.ms > 0)
})

for (const [words, says] of [
  [['--nodes', '0'], 'the number of nodes is a number from 1 to 6'],
  [['--bandwidth', '1'], 'the bandwidth is 125000, 250000 or 500000 Hz'],
  [['--loss', '2'], 'the loss is a number from 0 to 0.5'],
  [['--frequency', '1'], "unknown option '--frequency'"],
] as const) {
  test(`the demo refuses ${words.join(' ')} in one sentence`, async () => {
    const { code, stdout, stderr } = await run(process.execPath, [DEMO, ...words])
    assert.notEqual(code, 0)
    assert.equal(stdout, '')
    assert.ok(stderr.includes(says), stderr)
    assert.doesNotMatch(stderr, /\n\s+at /)
  })
}

test('the picture names every node, link and ping, and keeps to the width of the terminal', () => {
  const lines = render(STATE, 60)
  assert.ok(lines.every((line) => line.length <= 60))
  const picture = render(STATE, 200).join('\n')
  for (const word of ['1:01', '25 %', 'radio-1', '(root)', '-112 dBm', '4.3 dB', '812 ms', '12 frames'])
    assert.ok(picture.includes(word), `${word} is not in\n${picture}`)
})

test('a second drawing goes over the first and leaves nothing of it', () => {
  let written = ''
  const screen = new LiveScreen((text) => (written += text))
  screen.draw(STATE, 80, 50)
  const height = written.split('\n').length - 1
  written = ''
  screen.draw({ ...STATE, links: [] }, 80, 50)
  assert.ok(written.startsWith(`\u001b[${height}A`))
  assert.equal(written.split('\n').length - 1, height)
})

test('without a terminal only what is new is told', () => {
  assert.deepEqual(changes(STATE, STATE), [])
  const before = { ...STATE, links: [], pings: [{ ...STATE.pings[0]!, rttMs: null, ok: false }] }
  const lines = changes(before, STATE)
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /^1:01 link radio-1 → gateway over lora \(RSSI -112 dBm, SNR 4\.3 dB\) npub1/)
  assert.match(lines[1] ?? '', /^1:01 ping radio-1 → gateway: 812 ms over 1 hops/)
})

test('the report is ok only when every pair has answered', () => {
  assert.equal(reportOf(STATE).ok, true)
  assert.equal(reportOf({ ...STATE, pings: [] }).ok, false)
  assert.equal(reportOf({ ...STATE, pings: [...STATE.pings, { ...STATE.pings[0]!, ok: false }] }).ok, false)
})

test('farther radio nodes are reached through nearer ones', () => {
  const topology = topologyOf(5)
  assert.equal(hopsBetween(topology, 'radio-1', 'overlay'), 2)
  assert.equal(hopsBetween(topology, 'radio-3', 'overlay'), 3)
  assert.equal(hopsBetween(topology, 'radio-5', 'overlay'), 4)
  assert.equal(hopsBetween(topology, 'radio-5', 'radio-5'), 0)
})
