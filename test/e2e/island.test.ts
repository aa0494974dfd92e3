/** An offline radio island reached from the overlay through a gateway, by programs that know nothing of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../support/process.ts'
import { needs } from '../support/requires.ts'
import { assertFetches, assertReaches, publish, startBridge, untilAnswer } from './bridge.ts'

const skip = needs('root', 'tun', 'program:ip', 'program:ping', 'program:curl')

test(
  'an island two radio hops deep: ping, 100 kB by HTTP, and a modem unplugged meanwhile',
  { skip },
  async (t) => {
    const bridge = await startBridge(t, { hops: 2, speed: 10, spreadingFactor: 7, bandwidthHz: 500_000 })
    const { overlay, gateway, radios, ether } = bridge
    const [near, far] = radios
    assert.ok(near && far)

    await t.test('ping by name over one radio hop and over two, both ways', async () => {
      await assertReaches(overlay, near, 3)
      await assertReaches(near, overlay, 3)
      await assertReaches(overlay, far, 3)
      await assertReaches(far, gateway, 3)
    })

    await t.test('100 kB over UDP and one radio hop', async (t) => {
      await assertFetches(t, bridge, near, await publish(t, overlay, 100_000))
    })

    await t.test('20 kB over two radio hops and UDP', async (t) => {
      await assertFetches(t, bridge, overlay, await publish(t, far, 20_000))
    })

    await t.test('a modem that goes in mid transfer and comes back as another device', async (t) => {
      const running = assertFetches(t, bridge, near, await publish(t, overlay, 20_000))
      const { frames } = await ether.stats()
      await eventually('the transfer runs', async () =>
        (await ether.stats()).frames > frames + 50 ? true : undefined,
      )
      await ether.unplug(1)
      await untilAnswer(near, 'show_transports', (reply) => reply.includes('"state":"down"'))
      await ether.plug(1)
      await untilAnswer(near, 'show_transports', (reply) => !reply.includes('"state":"down"'))
      await assertReaches(overlay, near, 3)
      await running
      assert.equal(near.daemon.child.exitCode, null)
    })
  },
)
