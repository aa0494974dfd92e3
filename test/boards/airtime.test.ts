import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bitRate,
  rnodePreambleSymbols,
  rnodeUsesLdro,
  timeOnAirMs,
  wantsLdro,
  type Modulation,
} from '../../boards/index.ts'

const at = (spreadingFactor: number, bandwidthHz = 125_000, codingRate = 5): Modulation => ({
  spreadingFactor,
  bandwidthHz,
  codingRate,
})

test('time on air agrees with published values', () => {
  const cases: [Modulation, number, number, number][] = [
    [at(7), 20, 8, 56.6],
    [at(7), 255, 8, 399.6],
    [at(8), 255, 8, 707.1],
    [at(9), 255, 8, 1250.3],
    // Sizes and times measured on real RNode firmware with the chip's preamble of 8.
    [at(8), 168, 8, 481.8],
    [at(8), 116, 8, 348.7],
    // An RNode's longer preamble.
    [at(7), 255, 24, 416.0],
    [at(8), 255, 18, 727.6],
  ]
  for (const [modulation, bytes, preamble, expected] of cases)
    assert.equal(Math.round(timeOnAirMs(modulation, bytes, preamble) * 10) / 10, expected)
})

test('spreading factors 5 and 6 have a longer sync word and no header correction', () => {
  // SF6/500, 10 bytes: n = 80 + 16 - 24 + 20 = 92, 4 blocks of 24 bits.
  assert.ok(Math.abs(timeOnAirMs(at(6, 500_000), 10, 8) - (8 + 6.25 + 8 + 4 * 5) * 0.128) < 1e-9)
})

test('low data rate optimisation starts at 16 ms symbols, on RNodes only beyond 16.384 ms', () => {
  assert.ok(wantsLdro(at(11)) && !rnodeUsesLdro(at(11)))
  assert.ok(wantsLdro(at(12, 250_000)) && !rnodeUsesLdro(at(12, 250_000)))
  assert.ok(wantsLdro(at(10, 62_500)) && !rnodeUsesLdro(at(10, 62_500)))
  assert.ok(wantsLdro(at(12)) && rnodeUsesLdro(at(12)))
  assert.ok(!wantsLdro(at(10)))
  assert.ok(timeOnAirMs(at(11), 200, 18, false) < timeOnAirMs(at(11), 200, 18))
})

test('the preamble of an RNode lasts at least 18 symbols and 24 ms', () => {
  assert.equal(rnodePreambleSymbols(at(7)), 24)
  assert.equal(rnodePreambleSymbols(at(8)), 18)
  assert.equal(rnodePreambleSymbols(at(7, 500_000)), 94)
})

test('bit rates around the firmware threshold', () => {
  assert.equal(bitRate(at(8)), 3125)
  assert.equal(Math.round(bitRate(at(7, 500_000))), 21_875)
})
