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
  ViewCipher,
  concatBytes,
  equalBytes,
  putU32,
  u32At,
} from '../../core/index.ts'
import type { Crypto } from '../../core/index.ts'

/** All points are taken to have an even y coordinate. */
const EVEN = 2

export const standInCrypto: Crypto = {
  name: 'stand-in',
  sha256,
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

/** Masks every byte with one of the key, and sums up everything in the tag. */
class StandInCipher extends ViewCipher {
  readonly #key: readonly number[]

  constructor(key: Uint8Array) {
    super()
    if (key.length !== 32) throw new RangeError('a key has 32 bytes')
    this.#key = Array.from({ length: TAG_SIZE / 4 }, (_, i) => u32At(key, 4 * i))
  }

  seal(counter: bigint, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const output = new Uint8Array(plaintext.length + TAG_SIZE)
    this.sealInto(counter, aad, plaintext, output)
    return output
  }

  sealInto(counter: bigint, aad: Uint8Array, plaintext: Uint8Array, output: Uint8Array): void {
    const low = Number(counter & 0xffffffffn)
    const { length } = plaintext
    this.#mask(low, plaintext, length, output)
    const sum = this.#sum(low, aad, output, length)
    for (let word = 0; word < TAG_SIZE / 4; word++) putU32(output, length + 4 * word, this.#tag(sum, word))
  }

  open(counter: bigint, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const length = sealed.length - TAG_SIZE
    if (length < 0) return undefined
    const low = Number(counter & 0xffffffffn)
    const sum = this.#sum(low, aad, sealed, length)
    for (let word = 0; word < TAG_SIZE / 4; word++)
      if (u32At(sealed, length + 4 * word) !== this.#tag(sum, word)) return undefined
    const plaintext = new Uint8Array(length)
    this.#mask(low, sealed, length, plaintext)
    return plaintext
  }

  #mask(counter: number, input: Uint8Array, length: number, output: Uint8Array): void {
    const mask = (this.#key[0]! ^ counter) & 0xff
    for (let i = 0; i < length; i++) output[i] = input[i]! ^ mask
  }

  #sum(counter: number, aad: Uint8Array, body: Uint8Array, length: number): number {
    return summed(body, length, summed(aad, aad.length, this.#key[0]! ^ counter))
  }

  #tag(sum: number, word: number): number {
    return (word === 0 ? sum : Math.imul(sum ^ this.#key[word]!, 0x9e3779b1)) >>> 0
  }
}

/** FNV-1a. */
function summed(bytes: Uint8Array, length: number, start: number): number {
  let sum = start ^ length
  for (let i = 0; i < length; i++) sum = Math.imul(sum ^ bytes[i]!, 0x01000193)
  return sum
}
