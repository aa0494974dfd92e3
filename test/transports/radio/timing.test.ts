import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Physics } from '../../../transports/radio/timing.ts'
import { TIMING } from './pure-air.ts'

const BAND_SLOTS = 15

test('the wait for an answer grows with the contention window of a modem that was much on the air', () => {
  const physics = new Physics(TIMING)
  const wider = (share: number) => (physics.ackWaitMs(0, share) - physics.ackWaitMs(0, 0)) / TIMING.slotMs
  for (const [share, bands] of [
    [0.04, 0],
    [0.1, 1],
    [0.4, 1],
    [0.5, 2],
    [0.9, 3],
    [1, 3],
  ] as const)
    assert.equal(Math.round(wider(share)), bands * BAND_SLOTS, `${share}`)
})

test('a host that is slow in the time of the modem is waited for', () => {
  const slow = new Physics({ ...TIMING, hostTurnaroundMs: 600 })
  assert.equal(Math.round(slow.ackWaitMs(0, 0) - new Physics(TIMING).ackWaitMs(0, 0)), 540)
})
