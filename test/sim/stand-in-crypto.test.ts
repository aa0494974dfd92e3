/** The stand-in for the cryptography keeps its contract: ends agree, and nothing altered is taken. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standInCrypto } from './stand-in-crypto.ts'

const secret = (n: number): Uint8Array => new Uint8Array(32).fill(n)
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i)

test('stand-in: both ends share a key, and others another one', () => {
  const [a, b, c] = [1, 2, 3].map((n) => ({ secret: secret(n), key: standInCrypto.publicKey(secret(n)) }))
  const shared = standInCrypto.ecdh(a!.secret, b!.key)
  assert.deepEqual(shared, standInCrypto.ecdh(b!.secret, a!.key))
  assert.notDeepEqual(shared, standInCrypto.ecdh(a!.secret, c!.key))
})

test('stand-in: what was sealed opens, and not when a bit, the counter or the associated data differ', () => {
  const cipher = standInCrypto.cipher(secret(7))
  const [aad, plaintext] = [bytes(16), bytes(100)]
  const sealed = cipher.seal(5n, aad, plaintext)
  assert.deepEqual(cipher.open(5n, aad, sealed), plaintext)
  assert.equal(cipher.open(6n, aad, sealed), undefined)
  assert.equal(cipher.open(5n, bytes(15), sealed), undefined)
  for (let i = 0; i < sealed.length; i++) {
    const altered = sealed.slice()
    altered[i]! ^= 1
    assert.equal(cipher.open(5n, aad, altered), undefined, `byte ${i}`)
  }
})

test('stand-in: in place it does the same', () => {
  const cipher = standInCrypto.cipher(secret(7))
  const [at, length] = [21, 100]
  const memory = bytes(at + length + 16)
  const [aad, plaintext] = [memory.slice(3, 19), memory.slice(at, at + length)]
  cipher.sealAt(5, memory, 3, 16, at, length)
  assert.deepEqual(memory.slice(at), cipher.seal(5n, aad, plaintext))
  const opened = bytes(at + length)
  assert.ok(cipher.openAt(5, memory, 3, 16, at, length + 16, opened, 4))
  assert.deepEqual(opened.slice(4, 4 + length), plaintext)
  assert.ok(!cipher.openAt(6, memory, 3, 16, at, length + 16, opened, 4))
})

test('stand-in: a signature holds for its digest and key only', () => {
  const key = standInCrypto.publicKey(secret(4)).slice(1)
  const other = standInCrypto.publicKey(secret(5)).slice(1)
  const digest = bytes(32)
  const signature = standInCrypto.sign(digest, secret(4), secret(0))
  assert.ok(standInCrypto.verify(signature, digest, key))
  assert.ok(!standInCrypto.verify(signature, digest, other))
  assert.ok(!standInCrypto.verify(signature, secret(1), key))
})
