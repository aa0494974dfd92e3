/** The LoRa transport over the RNode driver on emulated modems: the whole way down to the ether, and the contract. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeAddrOf } from '../../core/index.ts'
import {
  Ether,
  RNODE_PROFILES,
  RnodeBoard,
  RnodeEmulator,
  SeededRng,
  SimBoard,
  SimClock,
  type RadioBoard,
} from '../../boards/index.ts'
import { LoraTransport } from '../../transports/index.ts'
import { transportContract, type TransportPair } from '../contract/transport.ts'
import { established, Island, msg1, msg2, openRegion, SF8 } from './radio/island.ts'

const INDEX_A = 0x1234_5678
const INDEX_B = 0x9abc_def0
const OPEN_LIMIT_MS = 60_000

type BoardMaker = (clock: SimClock, ether: Ether, name: string, seed: number) => RadioBoard

const simulated: BoardMaker = (clock, ether, name, seed) =>
  new SimBoard({ clock, rng: new SeededRng(seed), ether, name })

const rnode: BoardMaker = (clock, ether, name, seed) => {
  const emulator = new RnodeEmulator({
    clock,
    rng: new SeededRng(seed),
    ether,
    name,
    profile: RNODE_PROFILES.esp32,
  })
  return new RnodeBoard({ open: emulator.open, clock, rng: new SeededRng(seed + 10) })
}

function world(makeBoard: BoardMaker): { clock: SimClock; ether: Ether; a: LoraTransport; b: LoraTransport } {
  const clock = new SimClock()
  const ether = new Ether({ clock, rng: new SeededRng(4) })
  const make = (name: string, n: number): LoraTransport => {
    const publicKey = new Uint8Array(32).fill(n)
    return new LoraTransport({
      board: makeBoard(clock, ether, name, n),
      params: SF8,
      regionBudget: openRegion(SF8),
      self: { publicKey, nodeAddr: nodeAddrOf(publicKey) },
      clock,
      rng: new SeededRng(n + 50),
    })
  }
  return { clock, ether, a: make('a', 1), b: make('b', 2) }
}

function contractPair(makeBoard: BoardMaker): () => Promise<TransportPair> {
  return () => {
    const { clock, a, b } = world(makeBoard)
    return Promise.resolve({
      a: driven(a, clock),
      b: driven(b, clock),
      addressOfA: () => a.localAddr,
      addressOfB: () => b.localAddr,
      nowhere: 'nowhere',
      advance: () => clock.advance(1_000),
    })
  }
}

/** Moves the virtual clock while the transport opens. */
function driven(transport: LoraTransport, clock: SimClock): LoraTransport {
  const open = transport.open.bind(transport)
  transport.open = (sink) => clock.resolve(open(sink), OPEN_LIMIT_MS)
  return transport
}

transportContract('lora over simulated boards', contractPair(simulated))

test('1357-byte frames cross two emulated RNodes, also at 10 % loss', async () => {
  const { clock, ether, a, b } = world(rnode)
  const heard = { a: new Array<Uint8Array>(), b: new Array<Uint8Array>() }
  const into = (list: Uint8Array[]) => ({
    frame: (_from: string, frame: Uint8Array) => list.push(frame.slice()),
    state: () => {},
  })
  await clock.resolve(Promise.all([a.open(into(heard.a)), b.open(into(heard.b))]), OPEN_LIMIT_MS)
  a.send(b.localAddr, msg1(INDEX_A), 'handshake')
  assert.ok(await clock.runUntil(() => heard.b.length === 1, 60_000))
  b.send(a.localAddr, msg2(INDEX_B, INDEX_A), 'handshake')
  assert.ok(await clock.runUntil(() => heard.a.length === 1, 60_000))
  ether.setDefaultLink({ loss: 0.1 })
  const frames = Array.from({ length: 5 }, (_, i) => established(INDEX_B, BigInt(i), 1357))
  for (const frame of frames) assert.equal(a.send(b.localAddr, frame, 'bulk'), 'queued')
  assert.ok(await clock.runUntil(() => heard.b.length === 6, 300_000))
  for (const frame of frames) assert.ok(heard.b.some((got) => got.join() === frame.join()))
  await clock.resolve(Promise.all([a.close(), b.close()]), OPEN_LIMIT_MS)
})

test('an established frame under an index never seen in a handshake travels raw', async () => {
  const island = new Island(21)
  const a = await island.add('a')
  const b = await island.add('b')
  const frame = established(INDEX_B, 77n, 1200)
  a.transport.send(b.addr, frame, 'bulk')
  assert.ok(await island.clock.runUntil(() => b.received.length === 1, 60_000))
  assert.deepEqual(b.received[0]?.frame, frame)
})
