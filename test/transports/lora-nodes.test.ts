/** Whole nodes that have nothing but a radio: links, tree and datagrams over emulated LoRa, also across a hidden pair. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ether, SeededRng, SimBoard, SimClock } from '../../boards/index.ts'
import { RadioNode } from '../support/radio-node.ts'

for (const loss of [0, 0.1]) {
  test(`three radio nodes in a line reach each other end to end at ${loss * 100} % frame loss`, async () => {
    const clock = new SimClock()
    const ether = new Ether({ clock, rng: new SeededRng(3) })
    ether.setDefaultLink({ loss })
    ether.link('a', 'c', undefined)
    const node = (name: string, seed: number): RadioNode =>
      new RadioNode({
        clock,
        board: new SimBoard({ clock, rng: new SeededRng(seed + 100), ether, name }),
        seed,
      })
    const [a, b, c] = [node('a', 11), node('b', 12), node('c', 13)]
    for (const node of [a, b, c]) await node.start()
    a.dial(b)
    c.dial(b)
    assert.ok(
      await clock.runUntil(() => a.peers() === 1 && c.peers() === 1 && b.peers() === 2, 60_000),
      'links',
    )
    await clock.advance(60_000)
    const forth = new Uint8Array(32).fill(1)
    const back = new Uint8Array(600).fill(2)
    a.send(c, forth)
    assert.ok(await clock.runUntil(() => c.received().includes(forth.join()), 300_000), 'a datagram forth')
    c.send(a, back)
    assert.ok(await clock.runUntil(() => a.received().includes(back.join()), 300_000), 'a datagram back')
  })
}
