/** Every implementation of the primitives gives what the portable one gives, and refuses what it refuses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { hex, nobleCrypto, ViewCipher, type Cipher, type Crypto } from '../../../core/index.ts'
import {
  chooseCrypto,
  givesKnownAnswers,
  loadLibsecp256k1Curve,
  loadLibsodiumCrypto,
  loadSodiumCrypto,
  nodeCrypto,
} from '../../../gateway/crypto/index.ts'

const SEED = 0x5eed
const FRAME_RUNS = 2000
const KEY_RUNS = 25

const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const aad = fc.uint8Array({ maxLength: 40 })
const plaintext = fc.uint8Array({ maxLength: 1500 })
const safeCounter = fc.maxSafeNat()
/** Of few, so that a place comes again with another length. */
const place = fc.nat({ max: 7 }).map((index) => 16 + 301 * index)
const counter = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

function contract(crypto: Crypto): void {
  test(`${crypto.name}: seals and opens as the portable cipher does`, () => {
    fc.assert(
      fc.property(key, counter, aad, plaintext, (k, n, a, p) => {
        const reference = nobleCrypto.cipher(k).seal(n, a, p)
        const cipher = crypto.cipher(k)
        assert.deepEqual(cipher.seal(n, a, p), reference)
        assert.deepEqual(sealedInPlace(cipher, n, a, p), reference)
        assert.deepEqual(cipher.open(n, a, reference), p)
      }),
      { seed: SEED, numRuns: FRAME_RUNS },
    )
  })

  test(`${crypto.name}: opens nothing forged, cut or meant for another counter`, () => {
    fc.assert(
      fc.property(key, counter, aad, plaintext, fc.nat(), (k, n, a, p, bit) => {
        const cipher = crypto.cipher(k)
        const sealed = cipher.seal(n, a, p)
        const forged = sealed.slice()
        forged[(bit >> 3) % forged.length]! ^= 1 << (bit & 7)
        assert.equal(cipher.open(n, a, forged), undefined)
        assert.equal(cipher.open(n, a, sealed.subarray(1)), undefined)
        assert.equal(cipher.open(n, a, sealed.subarray(0, bit % 16)), undefined)
        assert.equal(cipher.open(n ^ 1n, a, sealed), undefined)
        assert.equal(cipher.open(n, Uint8Array.of(...a, 0), sealed), undefined)
        assert.deepEqual(cipher.open(n, a, sealed), p, 'a failure before must leave nothing behind')
      }),
      { seed: SEED, numRuns: FRAME_RUNS },
    )
  })

  test(`${crypto.name}: does the same by offsets, in places that were used before`, () => {
    const [memory, output] = [new Uint8Array(4096), new Uint8Array(4096)]
    fc.assert(
      fc.property(key, safeCounter, aad, plaintext, place, place, fc.nat(), (k, n, a, p, at, outAt, bit) => {
        const cipher = crypto.cipher(k)
        const reference = nobleCrypto.cipher(k).seal(BigInt(n), a, p)
        const sealedAt = at + a.length
        memory.fill(0xaa)
        memory.set(a, at)
        memory.set(p, sealedAt)
        cipher.sealAt(n, memory, at, a.length, sealedAt, p.length)
        const sealed = memory.slice(sealedAt, sealedAt + reference.length)
        assert.deepEqual(sealed, reference)
        assert.equal(memory[sealedAt + reference.length], 0xaa, 'nothing behind it changed')
        assert.equal(cipher.openAt(n, memory, at, a.length, sealedAt, sealed.length, output, outAt), true)
        assert.deepEqual(output.slice(outAt, outAt + p.length), p)
        memory[sealedAt + ((bit >> 3) % sealed.length)]! ^= 1 << (bit & 7)
        assert.equal(cipher.openAt(n, memory, at, a.length, sealedAt, sealed.length, output, outAt), false)
        assert.equal(cipher.openAt(n, memory, at, a.length, sealedAt, bit % 16, output, outAt), false)
      }),
      { seed: SEED, numRuns: FRAME_RUNS },
    )
  })

  test(`${crypto.name}: keys, shared secrets, digests and signatures agree`, () => {
    fc.assert(
      fc.property(key, key, key, (a, b, aux) => {
        const publicKey = crypto.publicKey(a)
        assert.deepEqual(publicKey, nobleCrypto.publicKey(a))
        assert.deepEqual(crypto.sha256(publicKey), nobleCrypto.sha256(publicKey))
        assert.deepEqual(crypto.hkdf(a, publicKey), nobleCrypto.hkdf(a, publicKey))
        assert.deepEqual(crypto.hkdf(a, new Uint8Array()), nobleCrypto.hkdf(a, new Uint8Array()))
        const shared = crypto.ecdh(b, publicKey)
        assert.deepEqual(shared, nobleCrypto.ecdh(b, publicKey))
        assert.deepEqual(shared, crypto.ecdh(a, crypto.publicKey(b)))
        const digest = crypto.sha256(aux)
        const signature = crypto.sign(digest, a, aux)
        assert.equal(nobleCrypto.verify(signature, digest, publicKey.subarray(1)), true)
        assert.equal(crypto.verify(signature, digest, publicKey.subarray(1)), true)
        assert.equal(crypto.verify(signature, aux, publicKey.subarray(1)), false)
      }),
      { seed: SEED, numRuns: KEY_RUNS },
    )
  })

  test(`${crypto.name}: refuses what is no key`, () => {
    const one = new Uint8Array(32)
    one[31] = 1
    const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'
    assert.throws(() => crypto.publicKey(new Uint8Array(32)), RangeError)
    assert.throws(() => crypto.publicKey(Buffer.from(order, 'hex')), RangeError)
    assert.throws(() => crypto.cipher(new Uint8Array(31)), RangeError)
    const generator = crypto.publicKey(one)
    const uncompressed = Uint8Array.of(4, ...new Uint8Array(64))
    const offCurve = generator.slice().fill(0, 1)
    const wrongPrefix = Uint8Array.of(5, ...generator.subarray(1))
    for (const bad of [new Uint8Array(0), generator.subarray(1), uncompressed, offCurve, wrongPrefix]) {
      assert.equal(crypto.ecdh(one, bad), undefined, hex(bad))
    }
    assert.equal(crypto.verify(new Uint8Array(64), one, generator.subarray(1)), false)
    assert.equal(crypto.verify(new Uint8Array(3), one, new Uint8Array(5)), false)
  })

  test(`${crypto.name}: passes the self-test`, () => {
    assert.equal(givesKnownAnswers(crypto), true)
  })
}

function sealedInPlace(cipher: Cipher, n: bigint, a: Uint8Array, p: Uint8Array): Uint8Array {
  const frame = new Uint8Array(p.length + 16)
  frame.set(p)
  cipher.sealInto(n, a, frame.subarray(0, p.length), frame)
  return frame
}

const libsodium = loadLibsodiumCrypto()
const sodium = loadSodiumCrypto()
const curve = loadLibsecp256k1Curve()
contract(nobleCrypto)
contract(nodeCrypto)
if (libsodium === undefined) test('libsodium', { skip: 'needs libsodium: install libsodium23' }, () => {})
else contract(libsodium)
if (curve === undefined)
  test('libsecp256k1', { skip: 'needs libsecp256k1: install libsecp256k1-1' }, () => {})
else contract({ ...nodeCrypto, ...curve, name: 'libsecp256k1' })
if (sodium === undefined) test('sodium', { skip: 'needs the optional package sodium-native' }, () => {})
else contract(sodium)

/** Takes what it cannot open for a plaintext. */
class TrustingCipher extends ViewCipher {
  readonly #real: Cipher

  constructor(real: Cipher) {
    super()
    this.#real = real
  }

  seal(n: bigint, a: Uint8Array, p: Uint8Array): Uint8Array {
    return this.#real.seal(n, a, p)
  }

  sealInto(n: bigint, a: Uint8Array, p: Uint8Array, output: Uint8Array): void {
    this.#real.sealInto(n, a, p, output)
  }

  open(n: bigint, a: Uint8Array, sealed: Uint8Array): Uint8Array {
    return this.#real.open(n, a, sealed) ?? sealed.subarray(16)
  }
}

/** By offsets, it takes the counter for one of 32 bits, or what it cannot open for a plaintext. */
function wrongByOffsets(real: Cipher, wrong: 'counter' | 'tag'): Cipher {
  return {
    seal: (...given) => real.seal(...given),
    sealInto: (...given) => real.sealInto(...given),
    open: (...given) => real.open(...given),
    sealAt: (counter, ...given) => real.sealAt(wrong === 'counter' ? counter % 2 ** 32 : counter, ...given),
    openAt: (...given) => real.openAt(...given) || wrong === 'tag',
  }
}

test('the self-test refuses a cipher that is wrong', () => {
  for (const wrong of ['counter', 'tag'] as const) {
    const cipher = (k: Uint8Array): Cipher => wrongByOffsets(nobleCrypto.cipher(k), wrong)
    assert.equal(givesKnownAnswers({ ...nobleCrypto, cipher }), false, wrong)
  }
  const wrongTag: Crypto = { ...nobleCrypto, cipher: (k) => new TrustingCipher(nobleCrypto.cipher(k)) }
  for (const wrong of [{ sign: () => new Uint8Array(64) }, { verify: () => true }, { verify: () => false }])
    assert.equal(givesKnownAnswers({ ...nobleCrypto, ...wrong }), false)
  const wrongCurve: Crypto = { ...nobleCrypto, ecdh: (secret) => nobleCrypto.sha256(secret) }
  assert.equal(givesKnownAnswers(wrongTag), false)
  assert.equal(givesKnownAnswers(wrongCurve), false)
})

test('a provider is chosen by name, or the fastest there is', () => {
  assert.equal(chooseCrypto('noble').name, 'noble')
  assert.equal(chooseCrypto('node').name, 'node')
  const fastest = chooseCrypto()
  assert.equal(fastest.name, (libsodium ?? sodium ?? nodeCrypto).name)
  assert.deepEqual({ ...fastest, ...curve }, fastest, "the system's curve is in it")
})
