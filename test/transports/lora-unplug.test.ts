import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeAddrOf } from '../../core/index.ts'
import {
  BoardError,
  regionPlan,
  SeededRng,
  SimClock,
  type BoardInfo,
  type BoardState,
  type RadioBoard,
  type RadioFrame,
  type TxResult,
} from '../../boards/index.ts'
import { LoraTransport, regionBudgetFor, TransportError } from '../../transports/index.ts'
import { msg1, SF8 } from './radio/island.ts'

const INFO: BoardInfo = {
  driver: 'scripted',
  model: 'scripted modem',
  firmware: '1',
  maxPayload: 254,
  overheadBytes: 1,
  preambleSymbols: 18,
}

/** A modem that does what the test says. */
class ScriptedBoard implements RadioBoard {
  info: BoardInfo | undefined = undefined
  refusal: BoardError | undefined
  readonly transmitted: Uint8Array[] = []
  #state: (state: BoardState) => void = () => {}
  #receive: (frame: RadioFrame) => void = () => {}
  #pending: ((result: TxResult) => void)[] = []

  configure(): Promise<void> {
    if (this.refusal !== undefined) return Promise.reject(this.refusal)
    this.ready()
    return Promise.resolve()
  }
  transmit(payload: Uint8Array): Promise<TxResult> {
    this.transmitted.push(payload.slice())
    return new Promise((resolve) => this.#pending.push(resolve))
  }
  onReceive(sink: (frame: RadioFrame) => void): () => void {
    this.#receive = sink
    return () => (this.#receive = () => {})
  }
  onState(sink: (state: BoardState) => void): () => void {
    this.#state = sink
    return () => (this.#state = () => {})
  }
  close(): Promise<void> {
    this.lose()
    return Promise.resolve()
  }
  ready(): void {
    this.info = INFO
    this.#state({ type: 'ready', info: INFO })
  }
  lose(): void {
    for (const resolve of this.#pending.splice(0)) resolve({ ok: false, reason: 'board-lost' })
    this.#state({ type: 'lost', reason: 'the port is gone' })
  }
  hear(payload: Uint8Array): void {
    this.#receive({ payload, rssiDbm: -70, snrDb: 8 })
  }
}

function eu868() {
  const plan = regionPlan('EU868')
  if (!plan.ok) throw new Error(plan.message)
  return plan.value
}

function transportOver(board: RadioBoard, clock: SimClock): LoraTransport {
  const publicKey = new Uint8Array(32).fill(1)
  return new LoraTransport({
    board,
    params: SF8,
    regionBudget: regionBudgetFor(eu868(), SF8),
    self: { publicKey, nodeAddr: nodeAddrOf(publicKey) },
    clock,
    rng: new SeededRng(1),
  })
}

test('a modem that goes and comes back is reported, and nothing is thrown', async () => {
  const clock = new SimClock()
  const board = new ScriptedBoard()
  const transport = transportOver(board, clock)
  const states: boolean[] = []
  await transport.open({ frame: () => {}, state: (up) => states.push(up) })
  assert.equal(transport.send('01020304', msg1(7), 'handshake'), 'queued')
  await clock.advance(10_000)
  const before = board.transmitted.length
  assert.ok(before > 0)
  board.lose()
  assert.equal(transport.send('01020304', msg1(8), 'handshake'), 'down')
  await clock.advance(60_000)
  assert.equal(board.transmitted.length, before)
  board.ready()
  assert.deepEqual(states, [false, true])
  assert.equal(transport.send('01020304', msg1(9), 'handshake'), 'queued')
  await clock.advance(10_000)
  assert.ok(board.transmitted.length > before)
  await transport.close()
  board.hear(new Uint8Array(20))
  board.ready()
  await clock.advance(60_000)
  assert.deepEqual(states, [false, true])
})

test('a modem that cannot be used is one clear error', async () => {
  const board = new ScriptedBoard()
  board.refusal = new BoardError('no-port', 'There is no /dev/ttyUSB9.')
  await assert.rejects(
    transportOver(board, new SimClock()).open({ frame: () => {}, state: () => {} }),
    (error: unknown) => error instanceof TransportError && error.code === 'not-found',
  )
})

test('parameters that the region forbids are refused before the radio is touched', () => {
  assert.throws(() => regionBudgetFor(eu868(), { ...SF8, frequencyHz: 869_300_000 }), TransportError)
  assert.throws(() => regionBudgetFor(eu868(), { ...SF8, txPowerDbm: 20 }), TransportError)
})
