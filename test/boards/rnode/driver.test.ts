import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RNODE_PROFILES, type BoardError, type RadioParams } from '../../../boards/index.ts'
import { TEST_PARAMS } from '../../contract/radio-board.ts'
import { LIMIT_MS, pair, types, world, type StationOptions } from './support.ts'

/** The error `configure` ends with. */
async function refusal(options: StationOptions, params: Partial<RadioParams> = {}): Promise<BoardError> {
  const { clock, station } = world()
  const { board } = station('a', options)
  const outcome = board.configure({ ...TEST_PARAMS, ...params }).then(
    () => assert.fail('configured'),
    (error: BoardError) => error,
  )
  return clock.resolve(outcome, LIMIT_MS)
}

test('the start is: wait for the reset, detect in one write, parameters, radio on, read back', async () => {
  const { a } = await pair()
  assert.deepEqual(a.written.slice(0, 11), [
    'c00873c05000c04800c04900c0',
    'c00600c0',
    'c00133be27a0c0',
    'c0020001e848c0',
    'c0030ec0',
    'c00408c0',
    'c00505c0',
    'c00b0000c0',
    'c00c0000c0',
    'c00601c0',
    'c00100000000c0',
  ])
  assert.deepEqual(a.board.info, {
    driver: 'rnode',
    model: 'RNode (ESP32)',
    firmware: '1.86',
    maxPayload: 254,
    overheadBytes: 1,
    preambleSymbols: 18,
  })
})

test('each DATA frame brings its own FEND, as the one that closed the last opens nothing', async () => {
  const { clock, a } = await pair()
  await clock.resolve(a.board.transmit(new Uint8Array([0xc0])), LIMIT_MS)
  assert.ok(a.written.includes('c000dbdcc0'))
})

test('firmware before 1.52 is refused with what to do', async () => {
  const error = await refusal({ profile: { ...RNODE_PROFILES.esp32, firmware: [1, 51] } })
  assert.equal(error.code, 'firmware-too-old')
  assert.match(error.message, /firmware 1\.51; at least 1\.52 .* update it/)
})

test('a board that is not provisioned is named so', async () => {
  const error = await refusal({ profile: RNODE_PROFILES.unprovisioned })
  assert.equal(error.code, 'not-provisioned')
})

test('what the chip cannot do is refused, not rounded', async () => {
  const bandwidth = await refusal({}, { bandwidthHz: 100_000 })
  assert.equal(bandwidth.code, 'refused-params')
  assert.match(bandwidth.message, /bandwidth 100000 Hz; it would use 125000 Hz/)
  const sf5 = await refusal({ profile: { ...RNODE_PROFILES.esp32, chip: 'sx127x' } }, { spreadingFactor: 5 })
  assert.match(sf5.message, /SX127x chip, which cannot do SF5/)
  const avr = await refusal({ profile: RNODE_PROFILES.avr }, { spreadingFactor: 6 })
  assert.match(avr.message, /SX127x chip, which cannot do SF6/)
  for (const wrong of [{ spreadingFactor: 4 }, { codingRate: 9 }, { txPowerDbm: -3 }, { frequencyHz: 8.1 }])
    assert.equal((await refusal({}, wrong)).code, 'refused-params')
})

test('settings at which RNodes differ from other stacks are refused in a mixed network only', async () => {
  const error = await refusal({ mixedNetwork: true }, { spreadingFactor: 11 })
  assert.match(error.message, /low data rate optimisation/)
  const { clock, station } = world()
  await clock.resolve(station('a').board.configure({ ...TEST_PARAMS, spreadingFactor: 11 }), LIMIT_MS)
})

test('a power beyond the chip is clamped with a warning', async () => {
  const { clock, station } = world()
  const { board, states } = station('a', { profile: { ...RNODE_PROFILES.esp32, chip: 'sx127x' } })
  await clock.resolve(board.configure({ ...TEST_PARAMS, txPowerDbm: 20 }), LIMIT_MS)
  assert.deepEqual(types(states), ['warning', 'ready'])
})

test('no answer, no port and a foreign device are three different errors', async () => {
  const { clock, station } = world()
  const mute = station('mute')
  mute.emulator.faults.dropFromHost = 1
  mute.emulator.faults.dropToHost = 1
  await assert.rejects(clock.resolve(mute.board.configure(TEST_PARAMS), LIMIT_MS), { code: 'no-answer' })
  const foreign = station('foreign')
  foreign.emulator.faults.ignoreDetect = true
  await assert.rejects(clock.resolve(foreign.board.configure(TEST_PARAMS), LIMIT_MS), {
    code: 'wrong-device',
  })
  const absent = station('absent')
  absent.emulator.unplug()
  await assert.rejects(clock.resolve(absent.board.configure(TEST_PARAMS), LIMIT_MS), { code: 'no-port' })
  // A failed start leaves the board as it was: it can be configured again.
  absent.emulator.plug()
  await clock.resolve(absent.board.configure(TEST_PARAMS), LIMIT_MS)
})

test('a line that loses bytes is talked over by repeating', async () => {
  const { clock, station } = world()
  const a = station('a', { profile: RNODE_PROFILES.avr })
  a.emulator.faults.dropFromHost = 0.03
  await clock.resolve(a.board.configure(TEST_PARAMS), LIMIT_MS)
  assert.equal(a.states.at(-1)?.type, 'ready')
})

test('a modem that restarts is initialised again and carries traffic', async () => {
  const { clock, a, b } = await pair()
  const outstanding = a.board.transmit(new Uint8Array(200))
  await clock.advance(100)
  a.emulator.reboot()
  assert.deepEqual(await clock.resolve(outstanding, LIMIT_MS), { ok: false, reason: 'board-lost' })
  assert.deepEqual(await a.board.transmit(new Uint8Array(1)), { ok: false, reason: 'board-lost' })
  assert.ok(await clock.runUntil(() => a.states.length === 3, LIMIT_MS))
  assert.deepEqual(types(a.states), ['ready', 'lost', 'ready'])
  assert.equal(a.opens, 1, 'on the same port')
  assert.ok((await clock.resolve(a.board.transmit(new Uint8Array([7])), LIMIT_MS)).ok)
  await clock.advance(100)
  assert.deepEqual([...(b.heard.at(-1) ?? [])], [7])
})

test('a restart in the middle of a received frame costs that frame and no other', async () => {
  const { clock, a, b } = await pair()
  a.emulator.faults.resetInNextData = true
  await clock.resolve(b.board.transmit(new Uint8Array(100).fill(1)), LIMIT_MS)
  assert.ok(await clock.runUntil(() => types(a.states).join() === 'ready,lost,ready', LIMIT_MS))
  // KISS has no checksum: the boot message ends the frame begun, and its first half looks like a frame.
  assert.ok(a.heard.every((frame) => frame.length < 100 && frame.every((byte) => byte === 1)))
  await clock.resolve(b.board.transmit(new Uint8Array(100).fill(2)), LIMIT_MS)
  await clock.advance(100)
  assert.deepEqual(a.heard.at(-1), new Uint8Array(100).fill(2))
})

test('ERROR 06 and the restart after it are survived', async () => {
  const { clock, a, b } = await pair()
  a.emulator.failModem()
  assert.ok(await clock.runUntil(() => types(a.states).join() === 'ready,lost,ready', LIMIT_MS))
  const [, lost] = a.states
  assert.ok(lost?.type === 'lost' && lost.reason.includes('error 06'))
  await clock.resolve(b.board.transmit(new Uint8Array([5])), LIMIT_MS)
  await clock.advance(100)
  assert.equal(a.heard.length, 1)
})

test('unplugged in mid frame and back as another device: ready again, and traffic flows', async () => {
  const { clock, a, b } = await pair()
  const incoming = b.board.transmit(new Uint8Array(200))
  const outgoing = a.board.transmit(new Uint8Array(200))
  await clock.advance(150)
  a.emulator.unplug()
  assert.deepEqual(await clock.resolve(outgoing, LIMIT_MS), { ok: false, reason: 'board-lost' })
  await clock.resolve(incoming, LIMIT_MS)
  // The driver never stops asking, with pauses of at most 30 s and some.
  const before = a.opens
  await clock.advance(600_000)
  assert.ok(a.opens - before >= 15, String(a.opens))
  a.emulator.plug()
  assert.ok(await clock.runUntil(() => a.states.at(-1)?.type === 'ready', 60_000))
  assert.ok((await clock.resolve(a.board.transmit(new Uint8Array([9])), LIMIT_MS)).ok)
  assert.ok((await clock.resolve(b.board.transmit(new Uint8Array([8])), LIMIT_MS)).ok)
  await clock.advance(100)
  assert.deepEqual([...(b.heard.at(-1) ?? [])], [9])
  assert.deepEqual([...(a.heard.at(-1) ?? [])], [8])
})

test('a replugged modem that cannot be used is a fault and is left alone', async () => {
  const { clock, a, station } = await pair()
  a.emulator.unplug()
  a.emulator = station('other', { profile: RNODE_PROFILES.unprovisioned }).emulator
  assert.ok(await clock.runUntil(() => a.states.at(-1)?.type === 'fault', 60_000))
  const fault = a.states.at(-1)
  assert.ok(fault?.type === 'fault' && fault.code === 'not-provisioned')
  const { opens } = a
  await clock.advance(300_000)
  assert.equal(a.opens, opens)
})

test('an AVR board that restarts without a word is noticed', async () => {
  const { clock, a } = await pair({ profile: RNODE_PROFILES.avr })
  a.emulator.reboot()
  assert.ok(await clock.runUntil(() => types(a.states).join() === 'ready,lost,ready', 60_000))
})

test('a modem that falls silent is given up and opened again', async () => {
  const { clock, a } = await pair()
  a.emulator.faults.dropToHost = 1
  assert.ok(await clock.runUntil(() => a.states.at(-1)?.type === 'lost', 60_000))
  a.emulator.faults.dropToHost = 0
  assert.ok(await clock.runUntil(() => a.states.at(-1)?.type === 'ready', 60_000))
  assert.ok(a.opens >= 2)
})

test('an AVR with firmware 1.80 to 1.86 is warned of, tried, and said not to transmit', async () => {
  const { clock, station } = world()
  const a = station('a', { profile: RNODE_PROFILES.avrDeafToQuiet })
  await clock.resolve(a.board.configure(TEST_PARAMS), LIMIT_MS)
  const [first] = a.states
  assert.ok(first?.type === 'warning' && first.message.includes('1.79 and older work'))
  assert.deepEqual(await clock.resolve(a.board.transmit(new Uint8Array(20)), LIMIT_MS), {
    ok: false,
    reason: 'timeout',
  })
  const last = a.states.at(-1)
  assert.ok(last?.type === 'warning' && last.message.includes('does not transmit'))
})

test('over TCP nothing is waited for, and the line is never silent for long', async () => {
  const { clock, station } = world()
  const a = station('a', { overTcp: true, resetOnOpen: false })
  await clock.advance(1500)
  const began = clock.now()
  await clock.resolve(a.board.configure(TEST_PARAMS), LIMIT_MS)
  assert.ok(clock.now() - began < 2000)
  for (let i = 0; i < 10; i++) {
    const before = a.written.length
    await clock.advance(6000)
    assert.ok(a.written.length > before)
  }
})

test('close silences the radio and leaves', async () => {
  const { clock, a } = await pair()
  await clock.resolve(a.board.close(), LIMIT_MS)
  assert.deepEqual(a.written.slice(-2), ['c00600c0', 'c00affc0'])
})

test('two frames handed over together leave as one burst and are both confirmed after it', async () => {
  const { clock, ether, a } = await pair()
  const ends: number[] = []
  ether.observe((event) => {
    if (event.type === 'heard') ends.push(clock.now())
  })
  const done: number[] = []
  const sent = [1, 2].map((fill) =>
    a.board.transmit(new Uint8Array(100).fill(fill)).then((result) => {
      done.push(clock.now())
      return result
    }),
  )
  for (const result of await clock.resolve(Promise.all(sent), LIMIT_MS)) assert.ok(result.ok)
  assert.equal(ends.length, 2)
  assert.ok(done.every((instant, i) => instant >= (ends[i] ?? Infinity)))
})

for (const [what, profile, change] of [
  ['bursts', RNODE_PROFILES.esp32, {}],
  ['bursts without any report', RNODE_PROFILES.avr, {}],
  ['frame by frame', RNODE_PROFILES.esp32, { spreadingFactor: 7, bandwidthHz: 500_000 }],
  ['very slowly', RNODE_PROFILES.esp32, { spreadingFactor: 12 }],
] as const) {
  test(`under full load, ${what}: no frame is confirmed before it has left, and none is missed`, async () => {
    const { clock, ether, a } = await pair({ profile })
    await clock.resolve(a.board.configure({ ...TEST_PARAMS, ...change }), LIMIT_MS)
    const left: number[] = []
    ether.observe((event) => {
      if (event.type === 'sent') left.push(event.frame.startedAt + event.frame.airtimeMs)
    })
    const confirmed: number[] = []
    const frames = 30
    const sender = async (): Promise<void> => {
      while (confirmed.length + 2 <= frames) {
        const result = await a.board.transmit(new Uint8Array(254))
        assert.ok(result.ok)
        confirmed.push(clock.now())
      }
    }
    await clock.resolve(Promise.all([sender(), sender()]), 3_600_000)
    assert.equal(left.length, confirmed.length)
    for (const [i, instant] of confirmed.entries()) {
      const end = left[i] ?? Infinity
      assert.ok(instant >= end - 1e-6, `frame ${i} confirmed ${end - instant} ms early`)
      assert.ok(instant < end + 10_000, `frame ${i} confirmed ${instant - end} ms late`)
    }
  })
}
