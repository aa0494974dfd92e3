/**
 * Stands in for the cryptography where a simulated network is too large for the real one. It keeps the contract (both
 * ends agree on a key, whatever was altered on the way is refused, the same input gives the same bytes) and protects
 * nothing: a public key is a hash of its secret, and shared keys and signatures follow from the public keys alone. Real is
 * SHA-256, on which addresses and filters rest.
 */
import { hash } from 'node:crypto'
import {
  COMPRESSED_KEY_SIZE,
  SIGNATURE_SIZE,
  TAG_SIZE,
  concatBytes,
  equalBytes,
  putU32,
  u32At,
} from '../../core/index.ts'
import type { Cipher, Crypto } from '../../core/index.ts'

const TAG_WORDS: number = TAG_SIZE / 4
const FNV_PRIME = 0x01000193
/** Bytes that are masked at most: more than all that tells what a message is. */
const MASKED = 64
/** All points are taken to have an even y coordinate. */
const EVEN = 2

export const standInCrypto: Crypto = {
  name: 'stand-in',
  sha256,
  hkdf(salt, input) {
    const first = sha256(concatBytes(salt, input))
    return concatBytes(first, sha256(first))
  },
  publicKey,
  ecdh(secret, theirs) {
    if (theirs.length !== COMPRESSED_KEY_SIZE || theirs[0] !== EVEN) return undefined
    const sum = publicKey(secret)
    // The sum of both is the same from either end, as the shared point would be.
    for (let i = 0; i < sum.length; i++) sum[i]! += theirs[i]!
    return sha256(sum)
  },
  sign: (digest, secret) => signatureOf(digest, publicKey(secret).subarray(1)),
  verify: (signature, digest, key) => equalBytes(signature, signatureOf(digest, key)),
  cipher: (key) => new StandInCipher(key),
}

function publicKey(secret: Uint8Array): Uint8Array {
  const key = new Uint8Array(COMPRESSED_KEY_SIZE)
  key[0] = EVEN
  key.set(sha256(secret), 1)
  return key
}

function sha256(data: Uint8Array): Uint8Array {
  const digest = hash('sha256', data, 'buffer')
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length)
}

function signatureOf(digest: Uint8Array, x: Uint8Array): Uint8Array {
  const half = sha256(concatBytes(x, digest))
  const signature = new Uint8Array(SIGNATURE_SIZE)
  signature.set(half)
  signature.set(half, half.length)
  return signature
}

/** Masks the first bytes with one of the key, and sums up everything in the tag. */
class StandInCipher implements Cipher {
  readonly #key: readonly number[]

  constructor(key: Uint8Array) {
    if (key.length !== 32) throw new RangeError('a key has 32 bytes')
    this.#key = Array.from({ length: TAG_WORDS }, (_, i) => u32At(key, 4 * i))
  }

  seal(counter: bigint, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const output = new Uint8Array(plaintext.length + TAG_SIZE)
    this.sealInto(counter, aad, plaintext, output)
    return output
  }

  sealInto(counter: bigint, aad: Uint8Array, plaintext: Uint8Array, output: Uint8Array): void {
    output.set(plaintext)
    this.#seal(lowOf(counter), aad, 0, aad.length, output, 0, plaintext.length)
  }

  sealAt(
    counter: number,
    bytes: Uint8Array,
    aadAt: number,
    aadLength: number,
    at: number,
    length: number,
  ): void {
    this.#seal(counter >>> 0, bytes, aadAt, aadLength, bytes, at, length)
  }

  open(counter: bigint, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const plaintext = new Uint8Array(Math.max(0, sealed.length - TAG_SIZE))
    const isOpen = this.#open(lowOf(counter), aad, 0, aad.length, sealed, 0, sealed.length, plaintext, 0)
    return isOpen ? plaintext : undefined
  }

  openAt(
    counter: number,
    input: Uint8Array,
    aadAt: number,
    aadLength: number,
    at: number,
    length: number,
    output: Uint8Array,
    outAt: number,
  ): boolean {
    return this.#open(counter >>> 0, input, aadAt, aadLength, input, at, length, output, outAt)
  }

  #seal(
    counter: number,
    aad: Uint8Array,
    aadAt: number,
    aadLength: number,
    body: Uint8Array,
    at: number,
    length: number,
  ): void {
    this.#mask(counter, body, at, length)
    const sum = this.#sum(counter, aad, aadAt, aadLength, body, at, length)
    for (let word = 0; word < TAG_WORDS; word++) putU32(body, at + length + 4 * word, this.#tag(sum, word))
  }

  #open(
    counter: number,
    aad: Uint8Array,
    aadAt: number,
    aadLength: number,
    sealed: Uint8Array,
    at: number,
    sealedLength: number,
    output: Uint8Array,
    outAt: number,
  ): boolean {
    const length = sealedLength - TAG_SIZE
    if (length < 0) return false
    const sum = this.#sum(counter, aad, aadAt, aadLength, sealed, at, length)
    for (let word = 0; word < TAG_WORDS; word++)
      if (u32At(sealed, at + length + 4 * word) !== this.#tag(sum, word)) return false
    output.set(sealed.subarray(at, at + length), outAt)
    this.#mask(counter, output, outAt, length)
    return true
  }

  #mask(counter: number, bytes: Uint8Array, at: number, length: number): void {
    const mask = this.#key[0]! ^ counter
    for (let i = at; i < at + Math.min(length, MASKED); i++) bytes[i]! ^= mask
  }

  #sum(
    counter: number,
    aad: Uint8Array,
    aadAt: number,
    aadLength: number,
    body: Uint8Array,
    at: number,
    length: number,
  ): number {
    const sum = sumOf(this.#key[0]! ^ counter ^ aadLength, aad, aadAt, aadLength)
    return sumOf(sum ^ length, body, at, length)
  }

  #tag(sum: number, word: number): number {
    return (word === 0 ? sum : Math.imul(sum ^ this.#key[word]!, 0x9e3779b1)) >>> 0
  }
}

/** FNV-1a, by words as far as there are whole ones. */
function sumOf(start: number, bytes: Uint8Array, at: number, length: number): number {
  const [end, endOfWords] = [at + length, at + length - (length % 4)]
  let sum = start
  for (let i = at; i < endOfWords; i += 4) sum = Math.imul(sum ^ u32At(bytes, i), FNV_PRIME)
  for (let i = endOfWords; i < end; i++) sum = Math.imul(sum ^ bytes[i]!, FNV_PRIME)
  return sum
}

function lowOf(counter: bigint): number {
  return Number(counter & 0xffffffffn)
}
