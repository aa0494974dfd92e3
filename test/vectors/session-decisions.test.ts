/** Sessions: when keys are renewed, whose greeting stands, which keys open a frame, which path MTU is believed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeSessionPayload,
  Identity,
  nobleCrypto,
  nodeConfig,
  PathMtuState,
  XkInitiator,
  type NodeAddr,
} from '../../core/index.ts'
import { greetingDue, winsInitiation } from '../../core/session/decide.ts'
import { KeyEpoch, KeyEpochs } from '../../core/session/epochs.ts'
import { paceOf } from '../../core/session/pace.ts'
import { Session } from '../../core/session/session.ts'
import { SessionMeasurement } from '../../core/session/measurement.ts'
import { differencesIn } from './differences.ts'
import { bytesOf, checkEach, loadVectors, testGroup } from './load.ts'

const FILE = 'fsp.json'
const vectors = loadVectors(FILE)
const SECOND = 1000

interface RekeyVector {
  readonly name: string
  readonly input: {
    readonly elapsed_secs: string
    readonly counter: string
    readonly jitter_secs: string
    readonly has_pending: boolean
    readonly rekey_in_progress: boolean
    readonly is_rekey_initiator: boolean
    readonly is_draining: boolean
    readonly drain_expired: boolean
    readonly has_rekey_msg3_payload: boolean
    readonly is_dampened: boolean
    readonly enabled: boolean
    readonly after_secs: string
    readonly after_messages: string
  }
  readonly actions: readonly string[]
}

const rekeyDifferences = differencesIn(FILE, 'rekey_policy')

testGroup<RekeyVector>(vectors, 'rekey_policy', ({ name, input, actions }) => {
  const { enabled, after_secs, after_messages } = input
  const pace = paceOf(
    nodeConfig({
      rekey: { enabled, afterSecs: Number(after_secs), afterMessages: Number(after_messages) },
    }),
    false,
  )
  const now = Number(input.elapsed_secs) * SECOND
  const session = sessionOf(input, now)
  const ours: string[] = []
  if (session.epochs.isDraining) {
    session.epochs.drain(now, input.drain_expired ? 0 : Infinity)
    if (!session.epochs.isDraining) ours.push('CompleteDrain')
  }
  const greeting = greetingDue(session, pace, false)
  if (now >= greeting.at) ours.push('InitiateRekey')
  if (rekeyDifferences.has(name)) assert.notDeepEqual(ours, actions)
  else assert.deepEqual(ours, actions)
})

/** An established session in the state that a vector tells, its keys in use since 0. */
function sessionOf(input: RekeyVector['input'], now: number): Session {
  const session = new Session(
    '0a'.repeat(16) as NodeAddr,
    undefined,
    true,
    new SessionMeasurement(nodeConfig().sessionMmp, true),
    0,
  )
  const { epochs } = session
  epochs.replaceAll(keys(1))
  if (input.is_draining) {
    epochs.addPending(keys(2), 0)
    epochs.promote(0)
  }
  for (let n = 0; n < Number(input.counter); n++) epochs.current!.takeCounter()
  session.rekeyJitterMs = Number(input.jitter_secs) * SECOND
  if (input.has_pending) {
    epochs.addPending(keys(3), 0)
    if (input.is_rekey_initiator) session.unconfirmed = unconfirmed()
  }
  if (input.has_rekey_msg3_payload) session.unconfirmed = unconfirmed()
  // As responder we hold back for a while after the peer's greeting.
  if (input.is_dampened || (input.rekey_in_progress && !input.is_rekey_initiator)) session.rekeyPausedAt = now
  if (input.rekey_in_progress && input.is_rekey_initiator) session.initiation = initiation()
  return session
}

function keys(fill: number): KeyEpoch {
  const cipher = nobleCrypto.cipher(new Uint8Array(32).fill(fill))
  return new KeyEpoch(cipher, cipher, 0)
}

function unconfirmed(): NonNullable<Session['unconfirmed']> {
  return { msg3: new Uint8Array(0), sentAt: 0, resend: { count: 0, at: 0 } }
}

function initiation(): NonNullable<Session['initiation']> {
  const secret = new Uint8Array(32).fill(1)
  const identity = Identity.fromSecret(secret)
  const noise = new XkInitiator(
    { identity, ephemeralSecret: secret, epoch: new Uint8Array(8) },
    identity.publicKey,
  )
  return { noise, msg1: new Uint8Array(0), startedAt: 0, sentAt: 0, resend: { count: 0, at: 0 } }
}

interface WinnerVector {
  readonly ours: NodeAddr
  readonly theirs: NodeAddr
  readonly our_initiation_wins: boolean
}

testGroup<WinnerVector>(vectors, 'initiation_winner', (vector) => {
  assert.equal(winsInitiation(vector.ours, vector.theirs), vector.our_initiation_wins)
})

interface TrialVector {
  readonly step: string
  readonly wire: string
  readonly slot: string | null
  readonly our_k_bit_before: boolean
}

interface SessionKeys {
  readonly initiator_send_key: string
  readonly responder_send_key: string
}

/** What happens between the steps is told by the first step that shows it. */
const FIRST_WITH_PENDING = 'old keys while a new session is pending'
const FIRST_AFTER_DRAIN = 'old keys after the drain: dropped'

test('fsp.json: epoch_trial_decrypt', () => {
  const steps = vectors.group<TrialVector>('epoch_trial_decrypt')
  const [first, second] = vectors.group<SessionKeys>('sessions')
  assert.ok(first !== undefined && second !== undefined)
  for (const name of [FIRST_WITH_PENDING, FIRST_AFTER_DRAIN])
    assert.ok(steps.some(({ step }) => step === name))
  const epochs = new KeyEpochs()
  epochs.replaceAll(receiving(first, steps[0]!))
  checkEach(steps, (vector) => {
    if (vector.step === FIRST_WITH_PENDING) {
      const opensUnderNew = steps.find(({ slot }) => slot === 'pending')
      assert.ok(opensUnderNew !== undefined)
      epochs.addPending(receiving(second, opensUnderNew), 0)
    }
    if (vector.step === FIRST_AFTER_DRAIN) epochs.drain(0, 0)
    assert.equal(epochs.keyBit, vector.our_k_bit_before)
    const slot = epochs.open(sealedOf(vector), 0)?.slot ?? null
    assert.equal(slot, vector.slot)
    if (slot === 'pending') epochs.promote(0)
  })
})

/** The keys of a session on the side that opens this frame. */
function receiving(session: SessionKeys, frame: TrialVector): KeyEpoch {
  for (const key of [session.initiator_send_key, session.responder_send_key]) {
    const make = (): KeyEpoch =>
      new KeyEpoch(nobleCrypto.cipher(bytesOf(key)), nobleCrypto.cipher(bytesOf(key)), 0)
    const trial = new KeyEpochs()
    trial.replaceAll(make())
    if (trial.open(sealedOf(frame), 0) !== undefined) return make()
  }
  assert.fail(`no key opens ${frame.step}`)
}

function sealedOf({ wire }: TrialVector): Parameters<KeyEpochs['open']>[0] {
  const payload = decodeSessionPayload(bytesOf(wire))
  assert.ok(payload.ok && payload.value.type === 'sealed')
  return payload.value
}

interface CutoverVector {
  readonly elapsed: boolean
}

test('fsp.json: cutover_timer is not ours: new keys come into use with their first frame', () => {
  // The reference's initiator moves after 2 s in any case. Ours sends a frame at once and moves when one comes back.
  assert.ok(vectors.group<CutoverVector>('cutover_timer').some(({ elapsed }) => elapsed))
  const epochs = new KeyEpochs()
  epochs.replaceAll(keys(1))
  epochs.addPending(keys(2), 0)
  epochs.drain(10 * SECOND, 0)
  assert.ok(epochs.pending !== undefined && !epochs.keyBit)
})

interface ApplyVector {
  readonly existing: number | null
  readonly candidate: number
  readonly apply: boolean
}

testGroup<ApplyVector>(vectors, 'path_mtu_apply', (vector) => {
  const pathMtu = new PathMtuState()
  if (vector.existing !== null) pathMtu.limit(vector.existing)
  assert.equal(pathMtu.notified(vector.candidate, 0), vector.apply)
})
