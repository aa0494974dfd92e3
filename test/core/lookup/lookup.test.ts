import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  answerLookup,
  BloomFilter,
  type Coordinates,
  forwardTargets,
  Identity,
  LOOKUP_TTL,
  LookupOrigin,
  type LookupResponse,
  MAX_TREE_DEPTH,
  nobleCrypto,
  type NodeAddr,
  RequestTable,
  responseAfterHop,
  SeededRng,
} from '../../../core/index.ts'
import { addrOf } from '../addr.ts'

const target: Identity = Identity.fromSecret(new Uint8Array(32).fill(7))
const aux = new Uint8Array(32)

/** The target's answer under an id, from a position. */
function answer(requestId: bigint, coordinates: Coordinates): LookupResponse {
  const request = {
    requestId,
    target: target.nodeAddr,
    origin: addrOf(1),
    ttl: LOOKUP_TTL,
    minMtu: 0,
    originCoordinates: [addrOf(1)],
  }
  return answerLookup(request, coordinates, target, nobleCrypto, aux)
}

/** A node looking for the target, and the id of its first attempt. */
function asking(): { readonly origin: LookupOrigin; readonly requestId: bigint } {
  const origin = new LookupOrigin(new SeededRng(3))
  const initiation = origin.initiate(target.nodeAddr, true, 0)
  assert.ok(initiation.type === 'send')
  return { origin, requestId: initiation.attempt.requestId }
}

test('a proper answer is taken once', () => {
  const { origin, requestId } = asking()
  const response = answer(requestId, [target.nodeAddr, addrOf(0)])
  assert.equal(origin.check(response, target.publicKey, nobleCrypto), undefined)
  origin.complete(target.nodeAddr)
  assert.equal(origin.check(response, target.publicKey, nobleCrypto), 'not-pending')
})

test('the path MTU may fall on the way, the proof still holds', () => {
  const { origin, requestId } = asking()
  const response = responseAfterHop(answer(requestId, [target.nodeAddr]), 254)
  assert.equal(response.pathMtu, 254)
  assert.equal(origin.check(response, target.publicKey, nobleCrypto), undefined)
})

test('answers that do not fit the question are refused', () => {
  const { origin, requestId } = asking()
  const good = answer(requestId, [target.nodeAddr, addrOf(0)])
  const deep = [target.nodeAddr, ...Array.from({ length: MAX_TREE_DEPTH + 1 }, (_, n) => addrOf(n))]
  const faults = [
    origin.check(answer(requestId + 1n, [target.nodeAddr]), target.publicKey, nobleCrypto),
    origin.check({ ...good, target: addrOf(5) }, target.publicKey, nobleCrypto),
    origin.check(answer(requestId, [addrOf(5), addrOf(0)]), target.publicKey, nobleCrypto),
    origin.check(answer(requestId, deep), target.publicKey, nobleCrypto),
    origin.check(good, undefined, nobleCrypto),
    origin.check({ ...good, targetCoordinates: [target.nodeAddr, addrOf(1)] }, target.publicKey, nobleCrypto),
  ]
  assert.deepEqual(faults, [
    'not-pending',
    'wrong-target',
    'wrong-coordinates',
    'wrong-coordinates',
    'unknown-identity',
    'bad-proof',
  ])
})

test('every attempt has its own id, and an answer to an earlier one is as good', () => {
  const { origin, requestId } = asking()
  const retry = origin.poll(1000).retries[0]!
  assert.equal(retry.attempt, 2)
  assert.notEqual(retry.requestId, requestId)
  assert.ok(origin.isOurs(requestId) && origin.isOurs(retry.requestId))
  assert.equal(origin.check(answer(requestId, [target.nodeAddr]), target.publicKey, nobleCrypto), undefined)
  assert.equal(origin.deadline(), 3000)
})

test('after the last attempt the lookup has failed, and its ids are forgotten once no answer can come any more', () => {
  const { origin, requestId } = asking()
  for (const at of [1000, 3000, 7000]) assert.equal(origin.poll(at).retries.length, 1)
  assert.deepEqual(origin.poll(15_000), { retries: [], failed: [target.nodeAddr] })
  assert.equal(origin.deadline(), undefined)
  const late = answer(requestId, [target.nodeAddr])
  origin.poll(74_999)
  assert.equal(origin.check(late, target.publicKey, nobleCrypto), undefined)
  origin.poll(75_000)
  assert.ok(!origin.isOurs(requestId))
  assert.equal(origin.check(late, target.publicKey, nobleCrypto), 'not-pending')
})

test('with back-off a failed target is left alone until the topology changes', () => {
  const origin = new LookupOrigin(new SeededRng(1), { backoff: { base: 5000, max: 60_000 } })
  assert.equal(origin.initiate(addrOf(1), false, 0).type, 'no-peer-reaches')
  assert.equal(origin.initiate(addrOf(1), true, 4999).type, 'suppressed')
  origin.topologyChanged()
  assert.equal(origin.initiate(addrOf(1), true, 4999).type, 'send')
})

test('one answer finds the way back', () => {
  const table = new RequestTable()
  const request = { requestId: 9n, origin: addrOf(7), target: addrOf(4), ttl: 5 }
  assert.equal(table.receive(request, addrOf(8), addrOf(1), 0), 'forward')
  assert.deepEqual(table.routeResponse(9n), { type: 'reverse-path', to: addrOf(8) })
  assert.deepEqual(table.routeResponse(9n), { type: 'already-forwarded' })
  assert.deepEqual(table.routeResponse(10n), { type: 'not-transit' })
})

test('a request is never forwarded back to where it came from', () => {
  const hop = (addr: NodeAddr, isTreePeer: boolean) => ({
    addr,
    filter: BloomFilter.of([addrOf(4)]),
    isTreePeer,
    canSend: true,
  })
  const hops = [hop(addrOf(1), true), hop(addrOf(2), true), hop(addrOf(3), false)]
  assert.deepEqual(forwardTargets(addrOf(4), hops, addrOf(1)), { peers: [addrOf(2)], usedFallback: false })
  assert.deepEqual(forwardTargets(addrOf(4), hops.slice(1), addrOf(2)), {
    peers: [addrOf(3)],
    usedFallback: true,
  })
})

test('an origin repeats itself too soon; another one that looks for the same node need not wait for it', () => {
  const table = new RequestTable({ forwardInterval: 2000 })
  const judge = (requestId: bigint, origin: number, now: number) =>
    table.receive({ requestId, origin: addrOf(origin), target: addrOf(4), ttl: 5 }, addrOf(8), addrOf(1), now)
  assert.equal(judge(1n, 5, 0), 'forward')
  assert.equal(judge(2n, 6, 10), 'forward')
  assert.equal(judge(3n, 5, 1000), 'rate-limited')
  assert.equal(judge(4n, 5, 2000), 'forward')
})

test('whoever was found a moment ago is asked for again once that is forwarded, or at once where others would be asked', () => {
  const { origin } = asking()
  origin.complete(target.nodeAddr)
  assert.equal(origin.initiate(target.nodeAddr, true, 150).type, 'deferred')
  assert.equal(origin.initiate(target.nodeAddr, true, 160).type, 'already-pending')
  assert.deepEqual(origin.poll(1999).retries, [])
  assert.equal(origin.deadline(), 2000)
  assert.deepEqual(
    origin.poll(2000).retries.map(({ attempt }) => attempt),
    [1],
  )
  origin.complete(target.nodeAddr)
  assert.equal(origin.initiate(target.nodeAddr, true, 4000).type, 'send')
  origin.complete(target.nodeAddr)
  origin.topologyChanged()
  assert.equal(origin.initiate(target.nodeAddr, true, 4001).type, 'send')
})
