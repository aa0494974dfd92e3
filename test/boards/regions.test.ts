import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkRegion,
  customPlan,
  maxDwellBytes,
  regionPlan,
  type RadioParams,
  type RegionPlan,
} from '../../boards/index.ts'

function plan(name: string): RegionPlan {
  const found = regionPlan(name)
  assert.ok(found.ok)
  return found.value
}

function params(change: Partial<RadioParams> = {}): RadioParams {
  return {
    frequencyHz: 868_100_000,
    bandwidthHz: 125_000,
    spreadingFactor: 8,
    codingRate: 5,
    txPowerDbm: 14,
    ...change,
  }
}

test('each EU868 sub-band has its duty cycle and power', () => {
  const expected: [number, number, number][] = [
    [864e6, 0.001, 14],
    [866e6, 0.01, 14],
    [868.1e6, 0.01, 14],
    [869e6, 0.001, 14],
    [869.525e6, 0.1, 27],
    [869.85e6, 0.01, 14],
  ]
  for (const [frequencyHz, duty, power] of expected) {
    const verdict = checkRegion(plan('eu868'), params({ frequencyHz, txPowerDbm: power }))
    assert.ok(verdict.ok)
    assert.equal(verdict.value.dutyCycle, duty)
    assert.equal(verdict.value.maxPowerDbm, power)
  }
})

test('the whole channel must fit, not only its centre', () => {
  assert.ok(checkRegion(plan('EU868'), params({ frequencyHz: 869_525_000, bandwidthHz: 250_000 })).ok)
  const wide = checkRegion(plan('EU868'), params({ frequencyHz: 869_525_000, bandwidthHz: 500_000 }))
  assert.equal(wide.ok || wide.code, 'alarm-band')
  const edge = checkRegion(plan('EU868'), params({ frequencyHz: 863_000_000 }))
  assert.equal(edge.ok || edge.code, 'out-of-band')
})

test('a refusal is one sentence with the figures', () => {
  const alarm = checkRegion(plan('EU868'), params({ frequencyHz: 869_300_000 }))
  assert.ok(!alarm.ok)
  assert.equal(
    alarm.message,
    '869.3 MHz at 125 kHz reaches into 869.2-869.4 MHz, which EU868 reserves: choose another frequency.',
  )
  const power = checkRegion(plan('EU868'), params({ txPowerDbm: 20 }))
  assert.ok(!power.ok)
  assert.equal(power.message, '20 dBm is more than the 14 dBm of EU868 868.0-868.6: lower the power.')
  const unknown = regionPlan('EU999')
  assert.ok(!unknown.ok)
  assert.match(unknown.message, /EU868, US915, AU915, AS923/)
})

test('dwell time bounds the frame, and 500 kHz is exempt in US915', () => {
  const us = (spreadingFactor: number, bandwidthHz = 125_000): RadioParams =>
    params({ frequencyHz: 915_000_000, spreadingFactor, bandwidthHz })
  // 255 bytes at SF7/125 with an RNode's preamble of 24 take 416 ms.
  const bytes = maxDwellBytes(plan('US915'), us(7), 24)
  assert.ok(bytes > 200 && bytes < 255)
  assert.equal(maxDwellBytes(plan('US915'), us(7, 500_000), 94), 255)
  assert.equal(maxDwellBytes(plan('EU868'), params(), 18), 255)
  const slow = checkRegion(plan('US915'), us(12))
  assert.equal(slow.ok || slow.code, 'dwell-too-long')
  assert.ok(checkRegion(plan('US915'), us(12, 500_000)).ok)
})

test('a custom region carries the limits the operator states', () => {
  const custom = customPlan({ lowHz: 433e6, highHz: 434.8e6, maxPowerDbm: 10, dutyCycle: 0.1 })
  assert.ok(custom.ok)
  const inside = checkRegion(custom.value, params({ frequencyHz: 433_500_000, txPowerDbm: 10 }))
  assert.ok(inside.ok)
  assert.equal(inside.value.dutyCycle, 0.1)
  assert.ok(!checkRegion(custom.value, params()).ok)
  assert.ok(!customPlan({ lowHz: 2, highHz: 1, maxPowerDbm: 1 }).ok)
  assert.ok(!customPlan({ lowHz: 1, highHz: 2, maxPowerDbm: 1, dutyCycle: 10 }).ok)
})
