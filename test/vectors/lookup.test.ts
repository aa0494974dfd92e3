/** Lookups: encodings, proofs, forwarding, duplicates and the way back, attempts and back-off. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BloomFilter,
  concatBytes,
  decodeLookupRequest,
  decodeLookupResponse,
  encodeLookupRequest,
  forwardTargets,
  hex,
  LookupBackoff,
  type LookupHop,
  LookupOrigin,
  type NodeAddr,
  nobleCrypto,
  originTargets,
  requestAfterHop,
  RECENT_REQUEST_EXPIRY,
  RequestTable,
  SeededRng,
  verifyProof,
} from '../../core/index.ts'
import { differencesIn } from './differences.ts'
import { bytesOf, checkEach, loadVectors, testGroup, testNamesAreKnown } from './load.ts'
import { decodeLinkMessage, encodeLinkMessage } from './link-messages.ts'
import { vectorNode } from './nodes.ts'

const vectors = loadVectors('lookup.json')

testNamesAreKnown(vectors, [
  'encodings',
  'proofs',
  'forwarding',
  'request_handling',
  'response_handling',
  'origin_schedule',
  'backoff_when_enabled_base_5s_max_60s',
])

const KINDS: Readonly<Record<string, string>> = { request: 'LookupRequest', response: 'LookupResponse' }

interface EncodingVector {
  readonly kind: string
  readonly message: string
  readonly length: number
  readonly decoded: object
}

testGroup<EncodingVector>(vectors, 'encodings', (vector) => {
  const message = bytesOf(vector.message)
  assert.equal(message.length, vector.length)
  const kind = KINDS[vector.kind]
  assert.ok(kind !== undefined, `unknown kind ${vector.kind}`)
  assert.deepEqual(decodeLinkMessage(message), { result: 'accept', kind, decoded: vector.decoded })
  assert.equal(hex(encodeLinkMessage(message)), vector.message)
})

interface ProofVector {
  readonly target_pubkey: string
  readonly message: string
  readonly decodes: boolean
  readonly proof_valid: boolean
}

testGroup<ProofVector>(vectors, 'proofs', (vector) => {
  const response = decodeLookupResponse(bytesOf(vector.message))
  assert.equal(response.ok, vector.decodes)
  if (!response.ok) return
  const valid = verifyProof(response.value, bytesOf(vector.target_pubkey), nobleCrypto)
  assert.equal(valid, vector.proof_valid)
})

interface Send {
  readonly send_to: NodeAddr
  readonly message: string
}

interface ForwardingVector {
  readonly peers_whose_filter_has_target: readonly NodeAddr[]
  readonly tree_peers: readonly NodeAddr[]
  readonly request: string
  readonly transit_result: string
  readonly transit_sends: readonly Send[]
  readonly transit_used_fallback: boolean
  readonly as_origin_sends: readonly Send[]
}

testGroup<ForwardingVector>(vectors, 'forwarding', (vector) => {
  const request = decodeLookupRequest(bytesOf(vector.request))
  assert.ok(request.ok)
  const { target } = request.value
  const hops = neighboursOf(vector, target)
  const asOrigin = originTargets(target, hops).map((send_to) => ({ send_to, message: vector.request }))
  assert.deepEqual(byAddress(asOrigin), byAddress(vector.as_origin_sends))
  const forwarded = requestAfterHop(request.value)
  if (forwarded === undefined) {
    assert.equal(vector.transit_result, 'ttl_exhausted')
    return
  }
  const { peers, usedFallback } = forwardTargets(target, hops, undefined)
  const message = hex(encodeLookupRequest(forwarded))
  const sends = peers.map((send_to) => ({ send_to, message }))
  assert.equal(peers.length === 0 ? 'no_peers' : 'forward', vector.transit_result)
  assert.deepEqual(byAddress(sends), byAddress(vector.transit_sends))
  assert.equal(usedFallback, vector.transit_used_fallback)
})

function neighboursOf(vector: ForwardingVector, target: NodeAddr): LookupHop[] {
  const addresses = new Set([...vector.tree_peers, ...vector.peers_whose_filter_has_target])
  return [...addresses].map((addr) => ({
    addr,
    filter: BloomFilter.of(vector.peers_whose_filter_has_target.includes(addr) ? [target] : []),
    isTreePeer: vector.tree_peers.includes(addr),
    canSend: true,
  }))
}

function byAddress(sends: readonly Send[]): readonly Send[] {
  return sends.toSorted((a, b) => (a.send_to < b.send_to ? -1 : 1))
}

interface RequestVector {
  readonly now_ms: string
  readonly request_id: string
  readonly target: NodeAddr
  readonly from: NodeAddr
  readonly ttl: number
  readonly cache_limit: number
  readonly result: string
  readonly cache_size_after: number
}

test('lookup.json: request_handling', () => {
  const table = new RequestTable()
  const steps = vectors.group<RequestVector>('request_handling')
  // The file does not name the node itself, but what it answers is for it.
  const self = steps.find((step) => step.result === 'respond')?.target ?? vectorNode(0)
  checkEach(steps, (vector) => {
    const request = {
      requestId: BigInt(vector.request_id),
      origin: vectorNode(2),
      target: vector.target,
      ttl: vector.ttl,
    }
    const verdict = table.receive(
      request,
      vector.from,
      self,
      Number(vector.now_ms),
      RECENT_REQUEST_EXPIRY,
      vector.cache_limit,
    )
    assert.equal(verdict.replace('-', '_'), vector.result)
    assert.equal(table.size, vector.cache_size_after)
  })
})

interface ResponseVector {
  readonly request_id: string
  readonly result: string
  readonly to: NodeAddr | null
}

/** A response that is not in transit is ours or nobody's; the reference takes it for ours without asking. */
const ROUTE_NAMES: Readonly<Record<string, string>> = {
  'reverse-path': 'reverse_path',
  'already-forwarded': 'drop_already_forwarded',
  'not-transit': 'originator',
}

test('lookup.json: response_handling', () => {
  const table = new RequestTable()
  const steps = vectors.group<ResponseVector>('response_handling')
  for (const { request_id, to } of steps) {
    if (to === null) continue
    const request = { requestId: BigInt(request_id), origin: vectorNode(2), target: vectorNode(1), ttl: 1 }
    table.receive(request, to, vectorNode(0), 0)
  }
  checkEach(steps, (vector) => {
    const route = table.routeResponse(BigInt(vector.request_id))
    assert.equal(ROUTE_NAMES[route.type], vector.result)
    assert.equal(route.type === 'reverse-path' ? route.to : null, vector.to)
  })
})

interface ScheduleVector {
  readonly now_ms: string
  readonly event: string
  readonly result?: string
  readonly retries?: readonly number[]
  readonly timed_out?: boolean
}

test('lookup.json: origin_schedule', () => {
  const origin = new LookupOrigin(new SeededRng(1))
  const target = vectorNode(1)
  checkEach(vectors.group<ScheduleVector>('origin_schedule'), (vector) => {
    const now = Number(vector.now_ms)
    if (vector.event === 'poll') {
      const poll = origin.poll(now)
      assert.deepEqual(
        poll.retries.map((retry) => retry.attempt),
        vector.retries,
      )
      assert.equal(poll.failed.includes(target), vector.timed_out)
    } else if (vector.event.startsWith('initiate')) {
      const reachable = !vector.event.includes('no filter')
      assert.equal(origin.initiate(target, reachable, now).type.replaceAll('-', '_'), vector.result)
    } else {
      assert.equal(vector.event, 'response accepted')
      origin.complete(target)
    }
  })
})

interface BackoffVector {
  readonly now_ms: string
  readonly suppressed_until_ms: string
}

test('lookup.json: backoff_when_enabled_base_5s_max_60s', () => {
  const backoff = new LookupBackoff({ base: 5000, max: 60_000 })
  const target = vectorNode(1)
  checkEach(vectors.group<BackoffVector>('backoff_when_enabled_base_5s_max_60s'), (vector) => {
    const until = Number(vector.suppressed_until_ms)
    assert.equal(backoff.failed(target, Number(vector.now_ms)), until)
    assert.ok(backoff.suppresses(target, until - 1))
    assert.ok(!backoff.suppresses(target, until))
  })
})

interface OriginStart {
  readonly known_target: NodeAddr
  readonly known_target_pubkey: string
}

interface OriginVector {
  readonly step: string
  readonly message: string
  readonly result: string
}

/** The reference takes any well-signed response; we take what we asked for, once, about the target itself. */
const originDifferences = differencesIn('node-level.json', 'lookup_response_as_origin')

test('node-level.json: lookup_response_as_origin', () => {
  const [start, ...steps] = loadVectors('node-level.json').group<OriginStart & OriginVector>(
    'lookup_response_as_origin',
  )
  const known = start!.known_target
  const seen = new Set<string>()
  checkEach(steps, (vector) => {
    const response = decodeLookupResponse(bytesOf(vector.message))
    if (!response.ok) {
      assert.equal(vector.result, 'decode_error')
      return
    }
    const { requestId, target } = response.value
    const asked = originAsking(requestId, target)
    const key = target === known ? bytesOf(start!.known_target_pubkey) : undefined
    const unasked = new LookupOrigin(new SeededRng(1)).check(response.value, key, nobleCrypto)
    assert.equal(unasked, 'not-pending')
    const isNew = !seen.has(String(requestId))
    seen.add(String(requestId))
    const fault = asked.check(response.value, key, nobleCrypto)
    if (originDifferences.has(vector.step)) {
      // Each is refused for its id; were the id one of ours, for what is wrong with it, if anything is.
      if (vector.step.includes('do not start with the target')) assert.equal(fault, 'wrong-coordinates')
      return
    }
    assert.ok(isNew)
    const faults: Readonly<Record<string, string | undefined>> = {
      identity_unknown: 'unknown-identity',
      proof_failed: 'bad-proof',
      accepted: undefined,
    }
    assert.ok(vector.result in faults, `unknown result ${vector.result}`)
    assert.equal(fault, faults[vector.result])
  })
})

/** A node that has just asked for the target under this id. */
function originAsking(requestId: bigint, target: NodeAddr): LookupOrigin {
  const id = new Uint8Array(8)
  new DataView(id.buffer).setBigUint64(0, requestId, true)
  // The id is drawn as its high and its low half.
  const halves = concatBytes(id.subarray(4), id.subarray(0, 4))
  let drawn = 0
  const origin = new LookupOrigin({ bytes: (length) => halves.slice(drawn, (drawn += length)) })
  const initiation = origin.initiate(target, true, 0)
  assert.ok(initiation.type === 'send' && initiation.attempt.requestId === requestId)
  return origin
}
