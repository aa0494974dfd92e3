import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  BloomFilter,
  chooseBranch,
  chooseRoute,
  type Coordinates,
  type Hop,
  IntervalLimiter,
  type NodeAddr,
  remainingDistance,
  treeDistance,
} from '../../../core/index.ts'
import { addrOf } from '../addr.ts'

/** A tree (node i hangs under an earlier node) with extra links, costs, and filters that may lie. */
const meshes = fc.integer({ min: 2, max: 20 }).chain((size) =>
  fc.record({
    parents: fc.array(fc.nat(), { minLength: size, maxLength: size }),
    extra: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 12 }),
    costs: fc.array(fc.double({ min: 1, max: 50, noNaN: true }), { minLength: size, maxLength: size }),
    lies: fc.array(fc.nat(size - 1), { maxLength: 5 }),
    from: fc.nat(size - 1),
    to: fc.nat(size - 1),
  }),
)

test('a packet comes closer with every hop and arrives, whatever costs and filters say', () => {
  fc.assert(
    fc.property(meshes, ({ parents, extra, costs, lies, from, to }) => {
      const positions: Coordinates[] = [[addrOf(0)]]
      for (let i = 1; i < parents.length; i++) positions.push([addrOf(i), ...positions[parents[i]! % i]!])
      const linked = (a: number, b: number): boolean =>
        positions[a]![1] === addrOf(b) ||
        positions[b]![1] === addrOf(a) ||
        extra.some(([x, y]) => (x === a && y === b) || (x === b && y === a))
      const hopOf = (n: number): Hop => ({
        addr: addrOf(n),
        coordinates: positions[n],
        filter: BloomFilter.of(lies.includes(n) ? [addrOf(to)] : []),
        cost: costs[n]!,
        canSend: true,
      })
      let at = from
      while (at !== to) {
        const neighbours = positions.map((_, n) => n).filter((n) => n !== at && linked(at, n))
        const route = chooseRoute({
          position: positions[at]!,
          destination: addrOf(to),
          destinationPosition: positions[to],
          neighbours: neighbours.map(hopOf),
        })
        assert.ok(route.type === 'forward')
        const next = neighbours.find((n) => addrOf(n) === route.via.addr)!
        assert.ok(
          treeDistance(positions[next]!, positions[to]!) < treeDistance(positions[at]!, positions[to]!),
        )
        at = next
      }
    }),
    { numRuns: 200, seed: 11 },
  )
})

test('without a position only a neighbour that is the destination can be reached', () => {
  const hop: Hop = {
    addr: addrOf(2),
    coordinates: undefined,
    filter: undefined,
    cost: 1,
    canSend: true,
  }
  const ask = (destination: NodeAddr, canSend: boolean) =>
    chooseRoute({
      position: [addrOf(1)],
      destination,
      destinationPosition: undefined,
      neighbours: [{ ...hop, canSend }],
    }).type
  assert.equal(ask(addrOf(2), true), 'forward')
  assert.equal(ask(addrOf(2), false), 'unknown-position')
  assert.equal(ask(addrOf(3), true), 'unknown-position')
  assert.equal(ask(addrOf(1), true), 'local')
})

test('the limiter lets one event per address and interval pass, and forgets the oldest when full', () => {
  const limiter = new IntervalLimiter(100, 2)
  assert.ok(limiter.pass(addrOf(1), 0))
  assert.ok(!limiter.pass(addrOf(1), 99))
  assert.ok(limiter.pass(addrOf(2), 99))
  assert.ok(limiter.pass(addrOf(1), 100))
  assert.ok(limiter.pass(addrOf(3), 101), 'address 2 makes room')
  assert.ok(!limiter.pass(addrOf(1), 102))
  assert.ok(limiter.pass(addrOf(2), 103))
})

test('a branch is a parent or child, not the one that is barred, and of several the one whose filter has the fewest', () => {
  const hop = (n: number, reached: readonly number[], isTreePeer = true) => ({
    addr: addrOf(n),
    filter: BloomFilter.of(reached.map(addrOf)),
    canSend: true,
    isTreePeer,
  })
  const detour = (hops: readonly ReturnType<typeof hop>[], cameFrom: number) =>
    chooseBranch(addrOf(9), hops, [addrOf(cameFrom)])?.addr
  const everything = hop(1, [2, 3, 4, 5, 9])
  assert.equal(detour([everything, hop(2, [9]), hop(3, [9, 4])], 7), addrOf(2))
  assert.equal(detour([everything, hop(2, [9])], 2), addrOf(1))
  assert.equal(detour([hop(2, [9], false), hop(3, [4])], 7), undefined)
  assert.equal(detour([{ ...hop(2, [9]), canSend: false }], 7), undefined)
})

test('what is left of a way counts when a part of the tree has moved as a whole', () => {
  const path = (...nodes: number[]): Coordinates => nodes.map(addrOf)
  const before = path(9, 5, 3, 1)
  assert.equal(remainingDistance(path(5, 4, 2, 1), before), 1)
  assert.equal(treeDistance(path(5, 4, 2, 1), before), 6)
  assert.equal(remainingDistance(path(3, 1), before), 2)
  assert.equal(remainingDistance(path(5, 4, 2), before), Infinity)
})

test('of neighbours that reach the destination the shortest way over all is taken, and kept while links cost about the same', () => {
  const destinationPosition = [9, 8, 7, 1].map(addrOf)
  const near = { addr: addrOf(7), coordinates: [7, 1].map(addrOf) }
  const nearer = { addr: addrOf(8), coordinates: [8, 7, 1].map(addrOf) }
  const choose = (...hops: readonly (readonly [typeof near, number])[]) => {
    const route = chooseRoute({
      position: [5, 1].map(addrOf),
      destination: addrOf(9),
      destinationPosition,
      neighbours: hops.map(([hop, cost]) => ({
        ...hop,
        cost,
        filter: BloomFilter.of([addrOf(9)]),
        canSend: true,
      })),
    })
    return route.type === 'forward' ? route.via.addr : undefined
  }
  assert.equal(choose([near, 1.04], [nearer, 1.12]), nearer.addr, 'a link less is left')
  assert.equal(choose([near, 1], [nearer, 21]), near.addr, 'but not over a radio')
  const [one, other] = [4, 6].map((n) => ({ addr: addrOf(n), coordinates: [n, 7, 1].map(addrOf) }))
  assert.equal(choose([one!, 1.05], [other!, 1.02]), one!.addr)
  assert.equal(choose([one!, 1.03], [other!, 1.06]), one!.addr, 'whatever was measured last')
  assert.equal(choose([one!, 1.5], [other!, 1.06]), other!.addr)
})
