/** Decisions about handshakes, as tables. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeAddrOf, nodeConfig, type PublicKey } from '../../../core/index.ts'
import {
  AccessLists,
  decideMsg1,
  linkTimerTable,
  outboundWins,
  redialDelay,
  refuseInbound,
  rekeyDelay,
  resendDelay,
  sameMsg1,
} from '../../../core/peer/index.ts'

function key(fill: number): PublicKey {
  return new Uint8Array(32).fill(fill)
}

const [one, other] = [nodeAddrOf(key(1)), nodeAddrOf(key(2))]
const [small, large] = one < other ? [one, other] : [other, one]
const UNKNOWN = {
  isUp: false,
  sameEpoch: false,
  dialling: false,
  ourHandshakeAge: undefined,
  isFull: false,
  isKnown: false,
}

function answer(yields: boolean, isRekey: boolean): object {
  return { type: 'answer', yields, isRekey }
}

test('what a first message leads to', () => {
  const ofSmall = (facts: object): object => decideMsg1({ ours: small, theirs: large, ...UNKNOWN, ...facts })
  const ofLarge = (facts: object): object => decideMsg1({ ours: large, theirs: small, ...UNKNOWN, ...facts })
  const up = { isUp: true, sameEpoch: true }
  assert.deepEqual(ofSmall({}), answer(false, false), 'a new peer')
  assert.deepEqual(ofSmall({ dialling: true }), answer(true, false), 'crossed, and ours stands')
  assert.deepEqual(ofLarge({ dialling: true }), answer(false, false), 'crossed, and theirs stands')
  assert.deepEqual(ofSmall({ ...up, sameEpoch: false }), answer(false, false), 'restarted')
  assert.deepEqual(ofSmall(up), answer(false, true), 'a rekey')
  assert.deepEqual(ofSmall({ ...up, dialling: true }), { type: 'ignore' }, 'two rekeys, and ours stands')
  assert.deepEqual(ofLarge({ ...up, dialling: true }), answer(false, true), 'two rekeys, and theirs stands')
  assert.deepEqual(ofSmall({ ...up, ourHandshakeAge: 29_999 }), answer(true, false), 'crossed, seen late')
  assert.deepEqual(
    ofLarge({ ...up, ourHandshakeAge: 29_999 }),
    answer(false, false),
    'the same, and theirs stands',
  )
  assert.deepEqual(
    ofSmall({ ...up, ourHandshakeAge: 30_000 }),
    answer(false, true),
    'too late to have crossed',
  )
})

test('exactly one of two crossing handshakes stands', () => {
  assert.equal(outboundWins(small, large), true)
  assert.equal(outboundWins(large, small), false)
})

test('two first messages are the same when they differ in the parity of the ephemeral at most', () => {
  const msg1 = Uint8Array.from({ length: 114 }, (_, i) => i)
  for (let at = 0; at < msg1.length; at++) {
    const other = msg1.slice()
    other[at] = (other[at] ?? 0) ^ 1
    assert.equal(sameMsg1(msg1, other), at === 8, `byte ${at}`)
  }
  assert.equal(sameMsg1(msg1, msg1.subarray(1)), false)
})

test('who is admitted: deny beats everything, then the configuration, then the policy and the list', () => {
  const lists = new AccessLists()
  lists.replace({ allow: [key(1), key(3)], deny: [key(3), key(4)] })
  const open = { acceptConnections: true, autoConnect: false, listedOnly: false }
  const cases = [
    [key(1), { ...open, listedOnly: true }, false, undefined],
    [key(2), { ...open, listedOnly: true }, false, 'not-listed'],
    [key(2), { ...open, listedOnly: true }, true, undefined],
    [key(2), open, false, undefined],
    [key(3), open, true, 'denied'],
    [key(4), open, false, 'denied'],
    [key(1), { ...open, acceptConnections: false }, false, 'not-accepting'],
    [key(1), { ...open, acceptConnections: false }, true, undefined],
  ] as const
  for (const [publicKey, policy, isConfigured, expected] of cases) {
    assert.equal(refuseInbound(nodeAddrOf(publicKey), policy, lists, isConfigured), expected)
  }
})

test('waits: the resends of a handshake, the age of keys, the redial of a peer', () => {
  const config = nodeConfig()
  const { stock, constrained } = linkTimerTable(config)
  const least = { bytes: (length: number) => new Uint8Array(length) }
  const most = { bytes: (length: number) => new Uint8Array(length).fill(0xff) }
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((resends) => resendDelay(stock, resends, most)),
    [1000, 2000, 4000, 8000, 16_000],
  )
  assert.equal(resendDelay(constrained, 0, least), 8000)
  assert.ok(Math.abs(resendDelay(constrained, 0, most) - 10_000) < 1)
  assert.equal(rekeyDelay(stock, least), 105_000)
  assert.ok(Math.abs(rekeyDelay(stock, most) - 135_000) < 1)
  assert.ok(rekeyDelay(constrained, least) >= 55 * 60_000)
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7, 100].map((failures) => redialDelay(config, failures)),
    [5, 10, 20, 40, 80, 160, 300, 300, 300].map((seconds) => seconds * 1000),
  )
  assert.ok(constrained.handshakeTimeoutMs > 5 * resendDelay(constrained, 0, most), 'room for every resend')
})
