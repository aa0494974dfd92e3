/** Links: what a first message leads to, which of two crossing handshakes stands, when keys are renewed, how we wait. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeConfig, type NodeAddr, type Rng } from '../../core/index.ts'
import {
  decideMsg1,
  linkTimerTable,
  mayRekey,
  outboundWins,
  redialDelay,
  rekeyDelay,
  resendDelay,
  usesAnswer,
  type Msg1Decision,
} from '../../core/peer/index.ts'
import { differencesIn } from './differences.ts'
import { loadVectors, testGroup, testNamesAreKnown } from './load.ts'

const FILE = 'link-decisions.json'
const vectors = loadVectors(FILE)

testNamesAreKnown(vectors, [
  'inbound_msg1',
  'crossed_connections',
  'outbound_completion',
  'rekey_policy',
  'msg1_resend_schedule',
  'rekey_msg1_resends',
  'connect_retry_backoff',
])

const SECOND = 1000

interface Msg1Vector {
  readonly name: string
  readonly input: {
    readonly our_addr: NodeAddr
    readonly peer_addr: NodeAddr
    readonly has_existing_peer: boolean
    readonly existing_epoch: string | null
    readonly msg1_epoch: string
    readonly rekey_in_progress: boolean
    readonly at_max_peers: boolean
    readonly has_pending_outbound_to_peer: boolean
  }
  readonly decision: string
}

const NEW_PEER: Msg1Decision = { type: 'answer', yields: false, isRekey: false }
const REKEY: Msg1Decision = { type: 'answer', yields: false, isRekey: true }

const DECISIONS: Readonly<Record<string, Msg1Decision>> = {
  new_peer: NEW_PEER,
  peer_restarted_then_new_peer: NEW_PEER,
  reject_at_max_peers: { type: 'refuse' },
  respond_to_rekey: REKEY,
  abandon_own_rekey_and_respond: REKEY,
  reject_dual_rekey_we_win: { type: 'ignore' },
}

/** Decisions of the reference that are none of ours: a different msg1 is answered afresh, whatever is stored or pending. */
const NOT_OURS: readonly string[] = [
  'resend_stored_msg2',
  'duplicate_without_stored_msg2',
  'reject_pending_session',
]

const msg1Differences = differencesIn(FILE, 'inbound_msg1')

testGroup<Msg1Vector>(vectors, 'inbound_msg1', ({ name, input, decision }) => {
  const ours = decideMsg1({
    ours: input.our_addr,
    theirs: input.peer_addr,
    isUp: input.has_existing_peer,
    // Every link of ours knows the epoch of its peer.
    sameEpoch: input.has_existing_peer && (input.existing_epoch ?? input.msg1_epoch) === input.msg1_epoch,
    // A first message that crosses our own is what `crossed_connections` is about.
    dialling: input.rekey_in_progress,
    ourHandshakeAge: undefined,
    isFull: input.at_max_peers,
    isKnown: input.has_existing_peer || input.has_pending_outbound_to_peer,
  })
  if (msg1Differences.has(name)) {
    assert.ok(NOT_OURS.includes(decision), decision)
    assert.deepEqual(ours, REKEY)
  } else assert.deepEqual(ours, DECISIONS[decision])
})

interface CrossedVector {
  readonly ours: NodeAddr
  readonly theirs: NodeAddr
  readonly this_connection_is_our_outbound: boolean
  readonly this_connection_wins: boolean
}

testGroup<CrossedVector>(vectors, 'crossed_connections', (vector) => {
  const oursStands = outboundWins(vector.ours, vector.theirs)
  assert.equal(oursStands === vector.this_connection_is_our_outbound, vector.this_connection_wins)
  // The peer's msg1 against a handshake of ours: answered, and held back when ours stands.
  const decision = decideMsg1({
    ours: vector.ours,
    theirs: vector.theirs,
    isUp: false,
    sameEpoch: false,
    dialling: true,
    ourHandshakeAge: undefined,
    isFull: false,
    isKnown: true,
  })
  assert.deepEqual(decision, { type: 'answer', yields: oursStands, isRekey: false })
})

interface CompletionVector {
  readonly has_existing_peer: boolean
  readonly our_outbound_wins: boolean
  readonly decision: string
}

testGroup<CompletionVector>(vectors, 'outbound_completion', (vector) => {
  const [small, large] = ['01'.repeat(16), '02'.repeat(16)] as [NodeAddr, NodeAddr]
  const [ours, theirs] = vector.our_outbound_wins ? [small, large] : [large, small]
  const isUsed = usesAnswer({ ours, theirs, theirsIsInUse: vector.has_existing_peer })
  assert.equal(isUsed, vector.decision !== 'keep_the_existing_one')
})

interface RekeyVector {
  readonly name: string
  readonly input: {
    readonly elapsed_secs: string
    readonly counter: string
    readonly jitter_secs: string
    readonly rekey_in_progress: boolean
    readonly is_dampened: boolean
    readonly after_secs: string
    readonly after_messages: string
  }
  readonly actions: readonly string[]
}

const rekeyDifferences = differencesIn(FILE, 'rekey_policy')

testGroup<RekeyVector>(vectors, 'rekey_policy', ({ name, input, actions }) => {
  const { stock } = linkTimerTable(
    nodeConfig({
      rekey: { afterSecs: Number(input.after_secs), afterMessages: Number(input.after_messages) },
    }),
  )
  const dueAge = rekeyDelay(stock, jitterOf(Number(input.jitter_secs) * SECOND, stock.rekeyJitterMs))
  const isDue =
    Number(input.elapsed_secs) * SECOND >= dueAge || Number(input.counter) >= stock.rekeyAfterMessages
  const begins =
    isDue && mayRekey({ isBusy: input.rekey_in_progress, sinceTheirs: input.is_dampened ? 0 : undefined })
  // Old keys end by a timer of their own, and new ones come into use with their first frame: neither is decided here.
  const ours = begins ? ['initiate_rekey'] : []
  if (rekeyDifferences.has(name)) assert.notDeepEqual(ours, actions)
  else
    assert.deepEqual(
      ours,
      actions.filter((action) => action !== 'complete_drain'),
    )
})

/** A random source whose next number makes this jitter. */
function jitterOf(wantedMs: number, spreadMs: number): Rng {
  const unit = (wantedMs / spreadMs + 1) / 2
  const word = Math.min(0xffff_ffff, Math.round(unit * 0x1_0000_0000))
  return {
    bytes(length) {
      const bytes = new Uint8Array(length)
      new DataView(bytes.buffer).setUint32(0, word, true)
      return bytes
    },
  }
}

interface ResendVector {
  readonly resends_before: number
  readonly now_ms: string
  readonly next_resend_at_ms: string
}

const unused: Rng = { bytes: (length) => new Uint8Array(length) }

testGroup<ResendVector>(vectors, 'msg1_resend_schedule', (vector) => {
  const { stock } = linkTimerTable(nodeConfig())
  // The wait that begins with a resend is the one after it.
  const delay = resendDelay(stock, vector.resends_before + 1, unused)
  assert.equal(Number(vector.now_ms) + delay, Number(vector.next_resend_at_ms))
})

interface RekeyResendVector {
  readonly resends_before: number
  readonly resend_due: boolean
  readonly max_resends: number
  readonly action: 'resend' | 'abandon' | null
  readonly next_resend_at_ms: string | null
}

testGroup<RekeyResendVector>(vectors, 'rekey_msg1_resends', (vector) => {
  const { stock } = linkTimerTable(nodeConfig({ rateLimit: { handshakeMaxResends: vector.max_resends } }))
  const mayResend = vector.resends_before < stock.handshakeMaxResends
  // Ours is given up by its timeout, which comes before a sixth resend would.
  if (vector.action === 'abandon') assert.ok(!mayResend)
  else assert.ok(mayResend)
  if (vector.next_resend_at_ms !== null) {
    assert.equal(resendDelay(stock, vector.resends_before + 1, unused), Number(vector.next_resend_at_ms))
  }
})

test('link-decisions.json: an unanswered rekey is given up before a sixth resend is due', () => {
  const { stock } = linkTimerTable(nodeConfig())
  const sixthAt = [0, 1, 2, 3, 4, 5].reduce((at, resends) => at + resendDelay(stock, resends, unused), 0)
  assert.ok(stock.handshakeTimeoutMs < sixthAt)
})

interface RetryVector {
  readonly retry: number
  readonly base_ms: string
  readonly max_ms: string
  readonly delay_ms: string
}

testGroup<RetryVector>(vectors, 'connect_retry_backoff', (vector) => {
  const [base, max] = [Number(vector.base_ms) / SECOND, Number(vector.max_ms) / SECOND]
  const config = nodeConfig({ retry: { baseIntervalSecs: base, maxBackoffSecs: max } })
  assert.equal(redialDelay(config, vector.retry), Number(vector.delay_ms))
})
