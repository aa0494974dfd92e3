/** Keys of several epochs side by side, checked against what the reference does with the same frames. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nobleCrypto, type Cipher } from '../../../core/crypto/index.ts'
import { decodeSessionPayload, sealSession, type SealedPayload } from '../../../core/fsp/index.ts'
import { KeyEpoch, KeyEpochs } from '../../../core/session/index.ts'

function cipher(fill: number): Cipher {
  return nobleCrypto.cipher(new Uint8Array(32).fill(fill))
}

/** Keys whose frames `sealed` makes. */
function epoch(fill: number): KeyEpoch {
  return new KeyEpoch(cipher(fill + 100), cipher(fill), 0)
}

function sealed(fill: number, counter: bigint, keyEpoch = false): SealedPayload {
  const payload = sealSession(cipher(fill), {
    keyEpoch,
    counter,
    timestamp: 1,
    messageType: 0x10,
    spin: false,
    body: Uint8Array.of(1),
  })
  const decoded = decodeSessionPayload(payload)
  assert.ok(decoded.ok && decoded.value.type === 'sealed')
  return decoded.value
}

const [OLD, NEW] = [1, 2]

test('every key is tried whatever the K bit says, and a replay fits none', () => {
  const keys = new KeyEpochs()
  keys.replaceAll(epoch(OLD))
  const slot = (payload: SealedPayload): string | undefined => keys.open(payload, 0)?.slot
  assert.equal(slot(sealed(OLD, 0n)), 'current')
  assert.equal(slot(sealed(OLD, 0n)), undefined, 'replayed')
  assert.equal(slot(sealed(NEW, 0n, true)), undefined, 'keys we do not have yet')
  keys.addPending(epoch(NEW), 0)
  assert.equal(slot(sealed(OLD, 1n)), 'current')
  assert.equal(slot(sealed(OLD, 2n, true)), 'current', 'whatever the K bit says')
  assert.equal(slot(sealed(NEW, 0n)), 'pending', 'whatever the K bit says')
  assert.equal(keys.promote(0), true)
  assert.equal(keys.keyBit, true)
  assert.equal(slot(sealed(OLD, 3n)), 'previous')
  assert.equal(slot(sealed(OLD, 3n)), undefined, 'replayed')
  assert.equal(slot(sealed(NEW, 1n, true)), 'current')
  keys.drain(10_000, 10_000)
  assert.equal(slot(sealed(OLD, 4n)), undefined, 'drained')
  assert.equal(slot(sealed(NEW, 2n, true)), 'current')
})

test('old keys stay as long as they are used', () => {
  const keys = new KeyEpochs()
  keys.replaceAll(epoch(OLD))
  keys.addPending(epoch(NEW), 0)
  keys.promote(0)
  assert.equal(keys.open(sealed(OLD, 0n), 9000)?.slot, 'previous')
  keys.drain(18_999, 10_000)
  assert.ok(keys.isDraining)
  keys.drain(19_000, 10_000)
  assert.ok(!keys.isDraining)
})

test('keys of a second rekey do not push out those of the first that are in use', () => {
  const keys = new KeyEpochs()
  const [first, second, third] = [epoch(1), epoch(2), epoch(3)]
  keys.replaceAll(first)
  keys.addPending(second, 0)
  keys.addPending(third, 0)
  assert.equal(keys.current, second)
  assert.equal(keys.pending, third)
  assert.equal(keys.open(sealed(1, 0n), 0)?.slot, 'previous')
})

test('no counter is given out twice', () => {
  const keys = epoch(1)
  const taken = Array.from({ length: 100 }, () => keys.takeCounter())
  assert.equal(new Set(taken).size, 100)
  assert.equal(keys.sendCounter, 100)
})
