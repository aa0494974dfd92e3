import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  BloomFilter,
  FILTER_BYTES,
  FilterState,
  MAX_FALSE_POSITIVE_RATE,
  outgoingFilter,
} from '../../../core/index.ts'
import { addrOf } from '../addr.ts'

const addresses = fc.uniqueArray(fc.nat(0xffff).map(addrOf), { maxLength: 60 })

/** A filter with the first `bits` bits set. */
function filterWith(bits: number, hashCount = 5): BloomFilter {
  const bytes = new Uint8Array(FILTER_BYTES)
  for (let bit = 0; bit < bits; bit++) bytes[bit >> 3]! |= 1 << (bit & 7)
  return BloomFilter.fromBytes(bytes, hashCount)
}

test('a filter has everything that was added to it or merged into it', () => {
  fc.assert(
    fc.property(addresses, addresses, (a, b) => {
      const merged = BloomFilter.of(a)
      merged.merge(BloomFilter.of(b))
      assert.ok([...a, ...b].every((addr) => merged.has(addr)))
      assert.ok(merged.equals(BloomFilter.of([...b, ...a])))
    }),
    { numRuns: 50, seed: 1 },
  )
})

test('no neighbour is told its own filter', () => {
  const [one, two] = [addrOf(1), addrOf(2)]
  const contributions = [
    { peer: one, filter: BloomFilter.of([addrOf(11)]) },
    { peer: two, filter: BloomFilter.of([addrOf(12)]) },
  ]
  const { filter } = outgoingFilter([addrOf(9)], contributions, one)
  assert.deepEqual(
    [9, 11, 12].map((n) => filter.has(addrOf(n))),
    [true, false, true],
  )
})

test('a filter that would lift ours over the cap is left out, the honest ones stay', () => {
  const poisoned = { peer: addrOf(1), filter: filterWith(5900) }
  assert.ok(poisoned.filter.falsePositiveRate() <= MAX_FALSE_POSITIVE_RATE, 'it is accepted by itself')
  const subtree = Array.from({ length: 300 }, (_, n) => addrOf(1000 + n))
  const honest = { peer: addrOf(2), filter: BloomFilter.of(subtree) }
  const { filter, leftOut } = outgoingFilter([addrOf(9)], [poisoned, honest], addrOf(3))
  assert.ok(filter.falsePositiveRate() <= MAX_FALSE_POSITIVE_RATE)
  assert.ok(subtree.every((addr) => filter.has(addr)))
  assert.deepEqual(leftOut, [addrOf(1)])
})

test('what many neighbours are told is what each would be told alone, whatever changes between', () => {
  const [self, ...peers] = Array.from({ length: 9 }, (_, n) => addrOf(n))
  const filter = fc.oneof(
    { weight: 30, arbitrary: addresses.map((addrs) => BloomFilter.of(addrs)) },
    fc.constantFrom(filterWith(5000), filterWith(5900), filterWith(40, 4)),
  )
  const change = fc.record({
    peer: fc.constantFrom(...peers),
    filter: fc.option(filter),
    leaf: fc.nat(1000).map(addrOf),
    treePeers: fc.subarray(peers, { minLength: 3 }),
  })
  const start = fc.array(filter, { minLength: peers.length, maxLength: peers.length })
  fc.assert(
    fc.property(start, fc.array(change, { minLength: 1, maxLength: 6 }), (filters, changes) => {
      const state = new FilterState(self!)
      let sequence = 1n
      for (const [i, peer] of peers.entries()) state.receive(peer, { sequence, filter: filters[i]! })
      for (const { peer, filter: changed, leaf, treePeers } of changes) {
        if (changed === null) state.remove(peer)
        else state.receive(peer, { sequence: ++sequence, filter: changed })
        const contributions = treePeers.map((each) => ({
          peer: each,
          filter: state.filterOf(each) ?? BloomFilter.of([each]),
        }))
        const agree = (): void => {
          for (const recipient of peers) {
            const alone = outgoingFilter([self!, ...state.leaves()], contributions, recipient)
            const told = state.outgoing(recipient, treePeers)
            assert.ok(told.filter.equals(alone.filter))
            assert.deepEqual(told.leftOut, alone.leftOut)
          }
        }
        agree()
        state.addLeaf(leaf)
        agree()
        state.removeLeaf(leaf)
        agree()
      }
    }),
    { numRuns: 60, seed: 3 },
  )
})

test('filters with other hash functions are kept for lookups and not merged', () => {
  const state = new FilterState(addrOf(9))
  const filter = filterWith(50, 1)
  assert.equal(state.receive(addrOf(1), { sequence: 1n, filter }), 'accepted')
  assert.ok(state.filterOf(addrOf(1))!.equals(filter))
  const announced = state.take(addrOf(2), [addrOf(1)])!
  assert.ok(announced.filter.equals(BloomFilter.of([addrOf(9)])))
  assert.deepEqual([state.isLeftOut(addrOf(1)), state.isLeftOut(addrOf(2))], [true, false])
})

test('an unchanged filter is not sent again unless the neighbour may have lost it', () => {
  const state = new FilterState(addrOf(9))
  const peer = addrOf(1)
  assert.equal(state.take(peer, [])!.sequence, 1n)
  assert.equal(state.take(peer, []), undefined)
  state.addLeaf(addrOf(20))
  assert.ok(state.take(peer, [])!.filter.has(addrOf(20)))
  state.repeat(peer)
  assert.equal(state.take(peer, [])!.sequence, 3n)
})

test('a neighbour that left is forgotten', () => {
  const state = new FilterState(addrOf(9))
  const peer = addrOf(1)
  state.receive(peer, { sequence: 8n, filter: filterWith(5) })
  state.remove(peer)
  assert.equal(state.filterOf(peer), undefined)
  assert.equal(state.receive(peer, { sequence: 1n, filter: filterWith(5) }), 'accepted')
})
