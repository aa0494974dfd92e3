import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Ether,
  PacedClock,
  SeededRng,
  SimBoard,
  SimClock,
  timeOnAirMs,
  type EtherLink,
  type RadioParams,
} from '../../../boards/index.ts'

const PARAMS: RadioParams = {
  frequencyHz: 868_100_000,
  bandwidthHz: 125_000,
  spreadingFactor: 8,
  codingRate: 5,
  txPowerDbm: 14,
}
const PREAMBLE = 18
const FRAME_MS = timeOnAirMs(PARAMS, 100, PREAMBLE)

function world(seed = 1) {
  const clock = new SimClock()
  const ether = new Ether({ clock, rng: new SeededRng(seed) })
  const heard: string[] = []
  const station = (name: string) => {
    const port = ether.attach(name, {
      received: (bytes) =>
        heard.push(`${name}<${String.fromCharCode(bytes[0] ?? 0)}@${clock.now().toFixed(1)}`),
    })
    port.tune(PARAMS)
    return {
      port,
      send: (mark: string) => {
        port.send(new Uint8Array(100).fill(mark.charCodeAt(0)), FRAME_MS, PREAMBLE, () => {})
      },
    }
  }
  return { clock, ether, heard, station }
}

test('a frame arrives everywhere exactly one time on air later', async () => {
  const { clock, ether, heard, station } = world()
  const [a] = [station('a'), station('b'), station('c')]
  a.send('A')
  await clock.advance(1000)
  const at = FRAME_MS.toFixed(1)
  assert.deepEqual(heard, [`b<A@${at}`, `c<A@${at}`])
  assert.deepEqual(ether.stats, {
    frames: 1,
    bytes: 100,
    ms: FRAME_MS,
    received: 2,
    collisions: 0,
    lost: 0,
    deaf: 0,
  })
})

test('half duplex: who sends hears nothing', async () => {
  const { clock, heard, station, ether } = world()
  const [a, b] = [station('a'), station('b')]
  a.send('A')
  await clock.advance(100)
  b.send('B')
  await clock.advance(1000)
  assert.deepEqual(heard, [])
  assert.equal(ether.stats.deaf, 2)
})

async function race(rssiOfB: number): Promise<string[]> {
  const { clock, ether, heard, station } = world()
  const [a, b] = [station('a'), station('b'), station('c')]
  ether.linkOneWay('b', 'c', { rssiDbm: rssiOfB })
  a.send('A')
  await clock.advance(10)
  b.send('B')
  await clock.advance(1000)
  return heard.map((entry) => entry.slice(0, 3))
}

test('equal signals collide, a signal 6 dB stronger is captured', async () => {
  assert.deepEqual(await race(-60), [])
  assert.deepEqual(await race(-65), [])
  assert.deepEqual(await race(-66), ['c<A'])
  assert.deepEqual(await race(-54), ['c<B'])
})

test('a strong late frame destroys the one being received but is not followed any more', async () => {
  const { clock, ether, heard, station } = world()
  const [a, b] = [station('a'), station('b'), station('c')]
  ether.linkOneWay('b', 'c', { rssiDbm: -40 })
  a.send('A')
  await clock.advance(150)
  b.send('B')
  await clock.advance(1000)
  assert.deepEqual(heard, [])
})

test('hidden nodes hear nothing of each other and collide at the one between', async () => {
  const { clock, ether, heard, station } = world()
  const [a, , c] = [station('a'), station('b'), station('c')]
  ether.link('a', 'c', undefined)
  a.send('A')
  await clock.advance(30)
  assert.equal(c.port.busyUntil(), undefined)
  c.send('C')
  await clock.advance(1000)
  assert.deepEqual(heard, [])
  assert.equal(ether.stats.collisions, 1)
})

async function reach(link: Partial<EtherLink>): Promise<number> {
  const { clock, ether, heard, station } = world()
  const a = station('a')
  station('b')
  ether.link('a', 'b', link)
  a.send('A')
  await clock.advance(1000)
  return heard.length
}

test('SNR below the limit of the spreading factor is silence', async () => {
  assert.equal(await reach({ rssiDbm: -120, snrDb: -10 }), 1)
  assert.equal(await reach({ rssiDbm: -121, snrDb: -10.5 }), 0)
})

async function run(seed: number): Promise<string> {
  const { clock, ether, heard, station } = world(seed)
  const a = station('a')
  station('b')
  ether.link('a', 'b', { loss: 0.3 })
  for (let i = 0; i < 200; i++) {
    a.send('A')
    await clock.advance(FRAME_MS)
  }
  assert.equal(ether.stats.lost + heard.length, 200)
  return heard.join()
}

test('losses follow the rate of the link and the seed', async () => {
  const first = await run(7)
  assert.equal(await run(7), first)
  assert.notEqual(await run(8), first)
  const share = first.split(',').length / 200
  assert.ok(share > 0.6 && share < 0.8, String(share))
})

test('boards triggered by one event collide after a quiet spell, and take turns when they are not', async () => {
  const clock = new SimClock()
  const ether = new Ether({ clock, rng: new SeededRng(3) })
  const boards = ['a', 'b', 'c'].map(
    (name, i) => new SimBoard({ clock, rng: new SeededRng(10 + i), ether, name }),
  )
  for (const board of boards) await board.configure(PARAMS)
  await clock.advance(5000)
  const sendAll = boards.map((board) => board.transmit(new Uint8Array(200)))
  for (const sent of sendAll) assert.ok((await clock.resolve(sent, 5000)).ok)
  assert.equal(ether.stats.received, 0)

  await clock.advance(5000)
  const spread = []
  for (const board of boards.slice(0, 2)) {
    spread.push(board.transmit(new Uint8Array(200)))
    await clock.advance(30)
  }
  for (const sent of spread) assert.ok((await clock.resolve(sent, 10_000)).ok)
  assert.equal(ether.stats.received, 4)
})

test('the paced clock runs events at their instants, faster than its base', async () => {
  const base = new SimClock()
  const clock = new PacedClock(base, 10)
  const seen: number[] = []
  const tick = (): void => {
    seen.push(clock.now())
    if (seen.length < 3) clock.after(100, tick)
  }
  clock.after(100, tick)
  const cancelled = clock.after(150, () => seen.push(-1))
  cancelled()
  await base.advance(29)
  assert.deepEqual(seen, [100, 200])
  await base.advance(1)
  assert.deepEqual(seen, [100, 200, 300])
  assert.equal(clock.now(), 300)
})
