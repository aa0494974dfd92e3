/** An offline radio island at the speed that its radios really have. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needs } from '../support/requires.ts'
import { assertFetches, assertReaches, publish, startBridge } from './bridge.ts'

const skip = needs('root', 'tun', 'program:ip', 'program:ping', 'program:curl')

test('an island at the true speed of SF8 and 125 kHz: ping, and 4 kB by HTTP', { skip }, async (t) => {
  const bridge = await startBridge(t, { hops: 1, speed: 1, spreadingFactor: 8, bandwidthHz: 125_000 })
  const [radio] = bridge.radios
  assert.ok(radio)
  await assertReaches(bridge.overlay, radio, 2)
  await assertFetches(t, bridge, radio, await publish(t, bridge.overlay, 4000))
})
