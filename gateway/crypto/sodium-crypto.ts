/**
 * ChaCha20-Poly1305 of libsodium through the optional package sodium-native, about five times as fast as node:crypto
 * for small frames. Everything else is node:crypto.
 */
import { createRequire } from 'node:module'
import { SECRET_SIZE, TAG_SIZE, type Cipher, type Crypto } from '../../core/index.ts'
import { nodeCrypto } from './node-crypto.ts'
import { Nonce } from './nonce.ts'
import { Places } from './places.ts'

/** What we call of sodium-native, which has no types of its own. */
interface SodiumAead {
  crypto_aead_chacha20poly1305_ietf_encrypt(
    output: Uint8Array,
    plaintext: Uint8Array,
    aad: Uint8Array,
    unused: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number
  /** Throws when the tag does not fit. */
  crypto_aead_chacha20poly1305_ietf_decrypt(
    output: Uint8Array,
    unused: null,
    sealed: Uint8Array,
    aad: Uint8Array,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number
}

/** Loads the package; undefined where it is not installed or has no build for this machine. */
export function loadSodiumCrypto(): Crypto | undefined {
  try {
    const sodium: SodiumAead = createRequire(import.meta.url)('sodium-native')
    return { ...nodeCrypto, name: 'sodium', cipher: (key) => new SodiumCipher(sodium, key) }
  } catch {
    return undefined
  }
}

/** Of all ciphers: they work on the same memory. */
const places = new Places()

class SodiumCipher implements Cipher {
  readonly #sodium: SodiumAead
  readonly #key: Uint8Array
  readonly #nonce = new Nonce()

  constructor(sodium: SodiumAead, key: Uint8Array) {
    if (key.length !== SECRET_SIZE) throw new RangeError('a cipher key has 32 bytes')
    this.#sodium = sodium
    this.#key = Uint8Array.from(key)
  }

  seal(counter: bigint, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const output = new Uint8Array(plaintext.length + TAG_SIZE)
    this.sealInto(counter, aad, plaintext, output)
    return output
  }

  sealInto(counter: bigint, aad: Uint8Array, plaintext: Uint8Array, output: Uint8Array): void {
    const nonce = this.#nonce.of(counter)
    this.#sodium.crypto_aead_chacha20poly1305_ietf_encrypt(output, plaintext, aad, null, nonce, this.#key)
  }

  open(counter: bigint, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const length = sealed.length - TAG_SIZE
    if (length < 0) return undefined
    const plaintext = new Uint8Array(length)
    return this.#open(this.#nonce.of(counter), aad, sealed, plaintext) ? plaintext : undefined
  }

  sealAt(
    counter: number,
    bytes: Uint8Array,
    aadAt: number,
    aadLength: number,
    at: number,
    length: number,
  ): void {
    this.#sodium.crypto_aead_chacha20poly1305_ietf_encrypt(
      places.view(bytes, at, length + TAG_SIZE),
      places.view(bytes, at, length),
      places.view(bytes, aadAt, aadLength),
      null,
      this.#nonce.ofNumber(counter),
      this.#key,
    )
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
    if (length < TAG_SIZE) return false
    return this.#open(
      this.#nonce.ofNumber(counter),
      places.view(input, aadAt, aadLength),
      places.view(input, at, length),
      places.view(output, outAt, length - TAG_SIZE),
    )
  }

  #open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, plaintext: Uint8Array): boolean {
    try {
      this.#sodium.crypto_aead_chacha20poly1305_ietf_decrypt(plaintext, null, sealed, aad, nonce, this.#key)
      return true
    } catch {
      return false
    }
  }
}
