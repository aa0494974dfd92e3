/**
 * Stands in for the cryptography where a simulated network is too large for the real one. It keeps the contract (both
 * ends agree on a key, whatever was altered on the way is refused, the same input gives the same bytes) and protects
 * nothing: shared keys and signatures follow from the public keys alone. Real are the public keys and SHA-256, on which
 * addresses and filters rest.
 */
import { createHash } from 'node:crypto'
import {
  SIGNATURE_SIZE,
  TAG_SIZE,
  ViewCipher,
  concatBytes,
  equalBytes,
  nobleCrypto,
} from '../../core/index.ts'
import type { Crypto } from '../../core/index.ts'

export const standInCrypto: Crypto = {
  name: 'stand-in',
  sha256,
  publicKey,
  ecdh(secret, theirs) {
    if (theirs[0] !== 2 && theirs[0] !== 3) return undefined
    const ours = publicKey(secret)
    // The sum of both x coordinates is the same from either end, as the shared point would be.
    return sha256(ours.subarray(1).map((byte, i) => byte + theirs[i + 1]!))
  },
  sign: (digest, secret) => signatureOf(digest, publicKey(secret).subarray(1)),
  verify: (signature, digest, key) => equalBytes(signature, signatureOf(digest, key)),
  cipher: (key) => new StandInCipher(key),
}

const publicKeys = new WeakMap<Uint8Array, Uint8Array>()

/** Computed once for each secret: an object of its own, wherever one is held. */
function publicKey(secret: Uint8Array): Uint8Array {
  let key = publicKeys.get(secret)
  if (key === undefined) publicKeys.set(secret, (key = nobleCrypto.publicKey(secret)))
  return key
}

function sha256(data: Uint8Array): Uint8Array {
  const digest = createHash('sha256').update(data).digest()
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length)
}

function signatureOf(digest: Uint8Array, x: Uint8Array): Uint8Array {
  const half = sha256(concatBytes(x, digest))
  const signature = new Uint8Array(SIGNATURE_SIZE)
  signature.set(half)
  signature.set(half, half.length)
  return signature
}

/** Masks every byte with one of the key, and sums up everything in the tag. */
class StandInCipher extends ViewCipher {
  readonly #key: Uint32Array

  constructor(key: Uint8Array) {
    super()
    if (key.length !== 32) throw new RangeError('a key has 32 bytes')
    this.#key = new Uint32Array(key.slice().buffer)
  }

  seal(counter: bigint, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const output = new Uint8Array(plaintext.length + TAG_SIZE)
    this.sealInto(counter, aad, plaintext, output)
    return output
  }

  sealInto(counter: bigint, aad: Uint8Array, plaintext: Uint8Array, output: Uint8Array): void {
    const body = output.subarray(0, plaintext.length)
    const mask = this.#mask(counter)
    for (let i = 0; i < body.length; i++) body[i] = plaintext[i]! ^ mask
    this.#writeTag(counter, aad, body, output.subarray(plaintext.length))
  }

  open(counter: bigint, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < TAG_SIZE) return undefined
    const body = sealed.subarray(0, sealed.length - TAG_SIZE)
    const tag = new Uint8Array(TAG_SIZE)
    this.#writeTag(counter, aad, body, tag)
    if (!equalBytes(tag, sealed.subarray(body.length))) return undefined
    const mask = this.#mask(counter)
    return body.map((byte) => byte ^ mask)
  }

  #mask(counter: bigint): number {
    return (this.#key[0]! ^ Number(counter & 0xffn)) & 0xff
  }

  #writeTag(counter: bigint, aad: Uint8Array, body: Uint8Array, tag: Uint8Array): void {
    const low = Number(counter & 0xffffffffn)
    const sums = new Uint32Array(TAG_SIZE / 4)
    sums[0] = summed(body, summed(aad, this.#key[0]! ^ low))
    for (let i = 1; i < sums.length; i++) sums[i] = Math.imul(sums[0] ^ this.#key[i]!, 0x9e3779b1)
    tag.set(new Uint8Array(sums.buffer))
  }
}

/** FNV-1a. */
function summed(bytes: Uint8Array, start: number): number {
  let sum = start ^ bytes.length
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193)
  return sum
}
