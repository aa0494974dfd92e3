/**
 * Every decoder is total: whatever bytes come in, it answers and does not throw. FUZZ_INPUTS inputs in all (one million
 * in CI), from one seed which is printed; FUZZ_SEED repeats a run.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../core/index.ts'
import { FUZZED_DECODERS, type FuzzedDecoder } from './decoders.ts'

const DEFAULT_INPUTS = 200_000
const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? DEFAULT_INPUTS)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20260822) >>> 0
const MAX_RANDOM_LENGTH = 220

/** mulberry32: small, fast, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
}

function randomBytes(next: () => number): Uint8Array {
  const bytes = new Uint8Array(next() % MAX_RANDOM_LENGTH)
  for (let i = 0; i < bytes.length; i++) bytes[i] = next()
  return bytes
}

/** A valid input cut, grown, or with a few bytes changed: gets further into a decoder than noise does. */
function mutated(seed: Uint8Array, next: () => number): Uint8Array {
  const choice = next() % 8
  if (choice === 0) return seed.subarray(0, next() % (seed.length + 1))
  if (choice === 1) return Uint8Array.of(...seed.subarray(0, MAX_RANDOM_LENGTH), ...randomBytes(next))
  const bytes = seed.slice()
  if (bytes.length === 0) return bytes
  const changes = 1 + (next() % 4)
  for (let i = 0; i < changes; i++) bytes[next() % bytes.length] = choice === 2 ? 0xff : next()
  return bytes
}

function fuzz(decoder: FuzzedDecoder, inputs: number, seed: number): void {
  const next = generator(seed)
  for (let i = 0; i < inputs; i++) {
    const from = decoder.seeds[next() % decoder.seeds.length]
    const input = from === undefined || next() % 4 === 0 ? randomBytes(next) : mutated(from, next)
    try {
      decoder.run(input)
    } catch (error) {
      assert.fail(`${decoder.name}, input ${i}: ${String(error)}\n${hex(input)}`)
    }
  }
}

assert.ok(Number.isSafeInteger(INPUTS) && INPUTS > 0, 'FUZZ_INPUTS is a number of inputs')

for (const [index, decoder] of FUZZED_DECODERS.entries()) {
  const share = Math.ceil(INPUTS / FUZZED_DECODERS.length)
  test(`${decoder.name}: ${share} inputs, FUZZ_SEED=${SEED}`, () => {
    fuzz(decoder, share, SEED + index)
  })
}

test('the loop finds a decoder that throws', () => {
  const fragile: FuzzedDecoder = {
    name: 'fragile',
    run: (input) => {
      if (input[0] === 0x42) throw new Error('tripped')
    },
    seeds: [Uint8Array.of(0x41, 0x00)],
  }
  assert.throws(() => {
    fuzz(fragile, 20_000, SEED)
  }, /fragile, input \d+: Error: tripped/)
})
