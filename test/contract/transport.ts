/** What every `Transport` promises, run against each implementation and each middleware around it. */
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { TransportError, type Transport, type TransportSink } from '../../transports/index.ts'
import { eventually } from '../support/eventually.ts'

/** Two transports of one medium, not yet open, that reach each other. */
export interface TransportPair {
  readonly a: Transport
  readonly b: Transport
  /** b's address as a sends to it, known once both are open; and the reverse. */
  readonly addressOfB: () => string
  readonly addressOfA: () => string
  /** Lets a little time pass. */
  readonly advance: () => Promise<void>
  /** An address the medium cannot reach at all. */
  readonly nowhere: string
}

export type Wrap = (transport: Transport) => Transport

interface Heard {
  readonly from: string
  readonly frame: Uint8Array
}

class Ear implements TransportSink {
  readonly heard: Heard[] = []

  frame(from: string, frame: Uint8Array): void {
    this.heard.push({ from, frame: Uint8Array.from(frame) })
  }

  state(): void {}
}

/** A frame that looks like an established FMP frame of `length` ≥ 37 bytes. */
export function sampleFrame(length: number, fill = 0xa5): Uint8Array {
  const frame = new Uint8Array(length).fill(fill)
  const inner = length - 32
  frame.set([0, 0, inner & 0xff, inner >>> 8])
  return frame
}

/** `makePair` is called afresh for every test; `wrap` goes around both ends. */
export function transportContract(
  name: string,
  makePair: () => Promise<TransportPair>,
  wrap: Wrap = (t) => t,
): void {
  async function opened(t: TestContext): Promise<TransportPair & { earA: Ear; earB: Ear }> {
    const pair = await makePair()
    const a = wrap(pair.a)
    const b = wrap(pair.b)
    const earA = new Ear()
    const earB = new Ear()
    t.after(() => Promise.all([a.close(), b.close()]))
    await Promise.all([a.open(earA), b.open(earB)])
    return {
      ...pair,
      a,
      b,
      earA,
      earB,
    }
  }

  test(`${name}: a frame arrives whole from an address that can be answered`, async (t) => {
    const pair = await opened(t)
    assert.match(pair.a.send(pair.addressOfB(), sampleFrame(200), 'handshake'), /^(sent|queued)$/)
    await eventually('b hears', () => pair.earB.heard.length === 1, pair.advance)
    const [heard] = pair.earB.heard
    assert.ok(heard)
    assert.deepEqual(heard.frame, sampleFrame(200))
    pair.b.send(heard.from, sampleFrame(69, 7), 'handshake')
    await eventually('a hears the answer', () => pair.earA.heard.length === 1, pair.advance)
    assert.deepEqual(pair.earA.heard[0], { from: pair.addressOfB(), frame: sampleFrame(69, 7) })
    assert.equal(heard.from, pair.addressOfA())
  })

  test(`${name}: the caller may reuse the frame at once`, async (t) => {
    const pair = await opened(t)
    const frame = sampleFrame(300)
    pair.a.send(pair.addressOfB(), frame, 'bulk')
    frame.fill(0)
    await eventually('b hears', () => pair.earB.heard.length === 1, pair.advance)
    assert.deepEqual(pair.earB.heard[0]?.frame, sampleFrame(300))
  })

  test(`${name}: a frame of the MTU passes, one more byte does not`, async (t) => {
    const pair = await opened(t)
    assert.equal(pair.a.send(pair.addressOfB(), sampleFrame(pair.a.mtu + 1), 'bulk'), 'too-large')
    assert.equal(pair.a.stats.mtuExceeded, 1)
    pair.a.send(pair.addressOfB(), sampleFrame(pair.a.mtu), 'bulk')
    await eventually('b hears', () => pair.earB.heard.length === 1, pair.advance)
    assert.equal(pair.earB.heard[0]?.frame.length, pair.a.mtu)
  })

  test(`${name}: counts what it carried`, async (t) => {
    const pair = await opened(t)
    for (const length of [40, 50, 60]) pair.a.send(pair.addressOfB(), sampleFrame(length), 'interactive')
    await eventually('b hears', () => pair.earB.heard.length === 3, pair.advance)
    assert.deepEqual([pair.a.stats.packetsSent, pair.a.stats.bytesSent], [3, 150])
    assert.deepEqual([pair.b.stats.packetsRecv, pair.b.stats.bytesRecv], [3, 150])
  })

  test(`${name}: a burst is taken, or refused by name, and nothing arrives twice or damaged`, async (t) => {
    const pair = await opened(t)
    const taken = new Set<number>()
    for (let i = 0; i < 250; i++) {
      const result = pair.a.send(pair.addressOfB(), sampleFrame(64, i), 'bulk')
      assert.ok(result === 'sent' || result === 'queued' || result === 'full', result)
      if (result !== 'full') taken.add(i)
    }
    assert.ok(taken.size > 0)
    await eventually('all that was taken arrives', () => pair.earB.heard.length >= taken.size, pair.advance)
    const fills = pair.earB.heard.map((heard) => heard.frame[40] ?? -1)
    assert.deepEqual(new Set(fills), taken)
    assert.equal(fills.length, taken.size)
  })

  test(`${name}: an address it cannot reach is refused without a throw`, async (t) => {
    const pair = await opened(t)
    assert.equal(pair.a.send(pair.nowhere, sampleFrame(64), 'handshake'), 'no-route')
    assert.equal(pair.a.stats.sendErrors, 1)
  })

  test(`${name}: is down before open and after close, and silent after close`, async (t) => {
    const pair = await makePair()
    const a = wrap(pair.a)
    const b = wrap(pair.b)
    t.after(() => Promise.all([a.close(), b.close()]))
    assert.equal(a.send(pair.nowhere, sampleFrame(64), 'bulk'), 'down')
    const ear = new Ear()
    await Promise.all([a.open(new Ear()), b.open(ear)])
    a.send(pair.addressOfB(), sampleFrame(64), 'bulk')
    await b.close()
    const count = ear.heard.length
    for (let turn = 0; turn < 20; turn++) await pair.advance()
    assert.equal(ear.heard.length, count)
    assert.equal(b.send(pair.addressOfA(), sampleFrame(64), 'bulk'), 'down')
    await b.close()
    await a.close()
  })

  test(`${name}: opens once`, async (t) => {
    const pair = await opened(t)
    await assert.rejects(pair.a.open(new Ear()), TransportError)
  })
}

/** Lets promise callbacks and I/O run. */
export async function turn(): Promise<void> {
  await nextTurn()
}
