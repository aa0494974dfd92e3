/** The portable implementation: pure JavaScript, in browsers as in Node. The yardstick for all others. */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { HKDF_SIZE, SECRET_SIZE, TAG_SIZE, nonceOf, type Crypto } from './crypto.ts'
import { ViewCipher } from './view-cipher.ts'

export const nobleCrypto: Crypto = {
  name: 'noble',

  sha256: (data) => sha256(data),

  hkdf: (salt, input) => hkdf(sha256, input, salt, undefined, HKDF_SIZE),

  publicKey(secret) {
    if (!secp256k1.utils.isValidSecretKey(secret)) throw new RangeError('not a secp256k1 secret key')
    return secp256k1.getPublicKey(secret, true)
  },

  ecdh(secret, publicKey) {
    if (!secp256k1.utils.isValidPublicKey(publicKey, true)) return undefined
    return sha256(secp256k1.getSharedSecret(secret, publicKey, true).subarray(1))
  },

  sign: (digest, secret, aux) => schnorr.sign(digest, secret, aux),

  verify(signature, digest, publicKey) {
    try {
      return schnorr.verify(signature, digest, publicKey)
    } catch {
      return false
    }
  },

  cipher: (key) => new NobleCipher(key),
}

class NobleCipher extends ViewCipher {
  readonly #key: Uint8Array

  constructor(key: Uint8Array) {
    super()
    if (key.length !== SECRET_SIZE) throw new RangeError('a cipher key has 32 bytes')
    this.#key = key.slice()
  }

  seal(counter: bigint, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return chacha20poly1305(this.#key, nonceOf(counter), aad).encrypt(plaintext)
  }

  sealInto(counter: bigint, aad: Uint8Array, plaintext: Uint8Array, output: Uint8Array): void {
    chacha20poly1305(this.#key, nonceOf(counter), aad).encrypt(plaintext, output)
  }

  open(counter: bigint, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < TAG_SIZE) return undefined
    try {
      return chacha20poly1305(this.#key, nonceOf(counter), aad).decrypt(sealed)
    } catch {
      return undefined
    }
  }
}
