/** What every `RadioBoard` must do, run against each implementation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BoardError,
  MAX_IN_MODEM,
  timeOnAirMs,
  type BoardState,
  type RadioBoard,
  type RadioFrame,
  type RadioParams,
  type SimClock,
} from '../../boards/index.ts'

export const TEST_PARAMS: RadioParams = {
  frequencyHz: 868_100_000,
  bandwidthHz: 125_000,
  spreadingFactor: 8,
  codingRate: 5,
  txPowerDbm: 14,
}

/** Two boards in range of each other, not configured yet. */
export interface BoardPair {
  readonly clock: SimClock
  readonly a: RadioBoard
  readonly b: RadioBoard
}

const LIMIT_MS = 60_000

export function radioBoardContract(name: string, makePair: () => BoardPair): void {
  const up = async (): Promise<BoardPair & { heard: Uint8Array[] }> => {
    const pair = makePair()
    const heard: Uint8Array[] = []
    pair.b.onReceive((frame) => heard.push(frame.payload.slice()))
    await pair.clock.resolve(
      Promise.all([pair.a.configure(TEST_PARAMS), pair.b.configure(TEST_PARAMS)]),
      LIMIT_MS,
    )
    return { ...pair, heard }
  }

  test(`${name}: has no info before it is configured and sends nothing`, async () => {
    const { a } = makePair()
    assert.equal(a.info, undefined)
    assert.equal((await a.transmit(new Uint8Array(1))).ok, false)
  })

  test(`${name}: configure makes it ready and says what it is`, async () => {
    const { clock, a } = makePair()
    const states: BoardState[] = []
    a.onState((state) => states.push(state))
    await clock.resolve(a.configure(TEST_PARAMS), LIMIT_MS)
    assert.deepEqual(
      states.map((state) => state.type),
      ['ready'],
    )
    assert.ok(a.info && a.info.maxPayload >= 200 && a.info.preambleSymbols >= 8)
  })

  test(`${name}: a frame arrives byte-exact with its signal figures, and its end is known`, async () => {
    const { clock, a, b } = await up()
    const frames: RadioFrame[] = []
    b.onReceive((frame) => frames.push({ ...frame, payload: frame.payload.slice() }))
    const payload = new Uint8Array([0xc0, 0xdb, 0xdc, 0xdd, 0, 1])
    const started = clock.now()
    const result = await clock.resolve(a.transmit(payload), LIMIT_MS)
    const took = clock.now() - started
    await clock.advance(100)
    const { info } = a
    assert.ok(info && result.ok)
    const airtime = timeOnAirMs(TEST_PARAMS, payload.length + info.overheadBytes, info.preambleSymbols)
    assert.ok(Math.abs(result.airtimeMs - airtime) < 0.001)
    assert.ok(took >= airtime)
    assert.equal(frames.length, 1)
    assert.deepEqual(frames[0]?.payload, payload)
    assert.equal(frames[0]?.rssiDbm, -60)
    assert.equal(frames[0]?.snrDb, 9.5)
  })

  test(`${name}: every size up to the largest passes, empty and larger are rejected`, async () => {
    const { clock, a, heard } = await up()
    const max = a.info?.maxPayload ?? 0
    for (const length of [1, 2, max - 1, max]) {
      const result = await clock.resolve(a.transmit(new Uint8Array(length).fill(length)), LIMIT_MS)
      assert.ok(result.ok, `${length} bytes`)
    }
    await clock.advance(100)
    assert.deepEqual(
      heard.map((payload) => payload.length),
      [1, 2, max - 1, max],
    )
    for (const length of [0, max + 1]) {
      const result = await clock.resolve(a.transmit(new Uint8Array(length)), LIMIT_MS)
      assert.deepEqual(result, { ok: false, reason: 'rejected' })
    }
  })

  test(`${name}: takes ${MAX_IN_MODEM} frames at once and delivers them in order, no more`, async () => {
    const { clock, a, heard } = await up()
    const sent = Array.from({ length: MAX_IN_MODEM }, (_, i) => a.transmit(new Uint8Array(50).fill(i)))
    assert.deepEqual(await a.transmit(new Uint8Array(50)), { ok: false, reason: 'rejected' })
    for (const result of await clock.resolve(Promise.all(sent), LIMIT_MS)) assert.ok(result.ok)
    await clock.advance(100)
    assert.deepEqual(
      heard.map((payload) => payload[0]),
      Array.from({ length: MAX_IN_MODEM }, (_, i) => i),
    )
    assert.ok((await clock.resolve(a.transmit(new Uint8Array(1)), LIMIT_MS)).ok)
  })

  test(`${name}: fifty frames keep coming, one after the other`, async () => {
    const { clock, a, heard } = await up()
    for (let i = 0; i < 50; i++) {
      const result = await clock.resolve(a.transmit(new Uint8Array(1 + (i % 200)).fill(i)), LIMIT_MS)
      assert.ok(result.ok, `frame ${i}`)
    }
    await clock.advance(100)
    assert.equal(heard.length, 50)
  })

  test(`${name}: can be given other parameters while it runs`, async () => {
    const { clock, a, b, heard } = await up()
    const faster = { ...TEST_PARAMS, spreadingFactor: 7, bandwidthHz: 250_000 }
    await clock.resolve(a.configure(faster), LIMIT_MS)
    assert.ok((await clock.resolve(a.transmit(new Uint8Array(20)), LIMIT_MS)).ok)
    await clock.advance(1000)
    assert.equal(heard.length, 0)
    await clock.resolve(b.configure(faster), LIMIT_MS)
    assert.ok((await clock.resolve(a.transmit(new Uint8Array(20)), LIMIT_MS)).ok)
    await clock.advance(1000)
    assert.equal(heard.length, 1)
  })

  test(`${name}: close settles what is outstanding and refuses the rest`, async () => {
    const { clock, a, heard } = await up()
    const outstanding = a.transmit(new Uint8Array(200))
    await clock.resolve(a.close(), LIMIT_MS)
    assert.deepEqual(await outstanding, { ok: false, reason: 'closed' })
    assert.deepEqual(await a.transmit(new Uint8Array(1)), { ok: false, reason: 'closed' })
    await assert.rejects(clock.resolve(a.configure(TEST_PARAMS), LIMIT_MS), BoardError)
    await clock.resolve(a.close(), LIMIT_MS)
    await clock.advance(5000)
    assert.ok(heard.length <= 1)
  })

  test(`${name}: a sink that was taken away hears nothing`, async () => {
    const { clock, a, b } = await up()
    let calls = 0
    const off = b.onReceive(() => calls++)
    off()
    assert.ok((await clock.resolve(a.transmit(new Uint8Array(9)), LIMIT_MS)).ok)
    await clock.advance(1000)
    assert.equal(calls, 0)
  })
}
