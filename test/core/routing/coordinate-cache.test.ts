import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CoordinateCache, type NodeAddr } from '../../../core/index.ts'
import { addrOf } from '../addr.ts'

const proven = { trust: 'proven' } as const

function present(cache: CoordinateCache, now: number): NodeAddr[] {
  return [...cache.entries(now)].map(([addr]) => addr).toSorted()
}

test('positions expire unless used, and the least recently used one makes room', () => {
  const cache = new CoordinateCache({ maxEntries: 3, ttl: 1000 })
  const put = (n: number, now: number): boolean => cache.insert(addrOf(n), [addrOf(n)], proven, now)
  put(1, 0)
  put(2, 100)
  assert.deepEqual(present(cache, 1000), [addrOf(1), addrOf(2)])
  assert.deepEqual(present(cache, 1001), [addrOf(2)])
  assert.ok(cache.use(addrOf(2), 1050))
  assert.deepEqual(present(cache, 1101), [addrOf(2)])
  put(3, 1200)
  put(4, 1300)
  put(5, 1400)
  assert.deepEqual(present(cache, 1400), [addrOf(3), addrOf(4), addrOf(5)])
  assert.equal(cache.purge(2301), 2)
  assert.equal(cache.size, 1)
})

test('what was read in passing does not replace what was proven, until forwarding by it fails', () => {
  const cache = new CoordinateCache()
  const [target, real, forged] = [addrOf(9), [addrOf(9), addrOf(1)], [addrOf(9), addrOf(2)]]
  const transit = { trust: 'transit', via: addrOf(5) } as const
  assert.ok(cache.insert(target, real, { ...proven, pathMtu: 1357 }, 0))
  assert.ok(!cache.insert(target, forged, transit, 1))
  assert.deepEqual(cache.peek(target, 1)?.coordinates, real)
  cache.demote(target)
  assert.ok(cache.insert(target, forged, transit, 2))
  assert.deepEqual(cache.peek(target, 2)?.coordinates, forged)
  assert.ok(cache.insert(target, real, proven, 3))
  assert.equal(cache.peek(target, 3)?.pathMtu, 1357)
})

test('one neighbour cannot fill the cache with what it lets pass', () => {
  const cache = new CoordinateCache({ maxEntries: 80 })
  let taken = 0
  for (let n = 100; n < 200; n++) {
    if (cache.insert(addrOf(n), [addrOf(n)], { trust: 'transit', via: addrOf(1) }, 0)) taken++
  }
  assert.equal(taken, 10)
  assert.ok(cache.insert(addrOf(300), [addrOf(300)], { trust: 'transit', via: addrOf(2) }, 0))
  assert.ok(cache.insert(addrOf(100), [addrOf(100), addrOf(0)], { trust: 'transit', via: addrOf(1) }, 0))
  cache.remove(addrOf(100))
  assert.ok(cache.insert(addrOf(301), [addrOf(301)], { trust: 'transit', via: addrOf(1) }, 0))
})

test('positions through a node that moved, or in other trees, are dropped', () => {
  const cache = new CoordinateCache()
  cache.insert(addrOf(7), [addrOf(7), addrOf(3), addrOf(0)], proven, 0)
  cache.insert(addrOf(8), [addrOf(8), addrOf(0)], proven, 0)
  cache.insert(addrOf(9), [addrOf(9), addrOf(1)], proven, 0)
  assert.equal(cache.removeVia(addrOf(3)), 1)
  assert.equal(cache.removeOtherRoots(addrOf(0)), 1)
  assert.deepEqual(present(cache, 0), [addrOf(8)])
})
