/**
 * The symmetric half of a Noise handshake (chaining key, transcript hash, handshake cipher) as FIPS wire version 0
 * runs it. Two departures from the Noise specification are part of the wire: payloads are sealed with empty
 * associated data (the transcript is hashed but never fed to the AEAD), and both protocol names, being longer than a
 * hash, are hashed to the initial state.
 */
import { asciiBytes, concatBytes } from '../bytes.ts'
import { HKDF_SIZE, type Crypto } from '../crypto/index.ts'
import type { PublicKey } from '../identity/index.ts'
import { compressedKey } from '../identity/index.ts'
import type { TransportKeys } from './handshake.ts'

/** Handshake patterns by their full Noise names. */
export const IK_NAME = 'Noise_IK_secp256k1_ChaChaPoly_SHA256'
export const XK_NAME = 'Noise_XK_secp256k1_ChaChaPoly_SHA256'

const NO_BYTES = new Uint8Array(0)

export class SymmetricState {
  readonly #crypto: Crypto
  #chainingKey: Uint8Array
  #hash: Uint8Array
  #key: Uint8Array | undefined
  #nonce = 0n

  /** The state both sides start from: the protocol, and the responder's static key taken as even. */
  static start(protocol: string, responderStatic: PublicKey, crypto: Crypto): SymmetricState {
    const hash = crypto.sha256(asciiBytes(protocol))
    const state = new SymmetricState(crypto, hash, hash)
    state.mixHash(compressedKey(responderStatic))
    return state
  }

  private constructor(crypto: Crypto, chainingKey: Uint8Array, hash: Uint8Array) {
    this.#crypto = crypto
    this.#chainingKey = chainingKey
    this.#hash = hash
  }

  /** A copy to try a message on; a message that is refused then leaves the original as it was. */
  clone(): SymmetricState {
    const copy = new SymmetricState(this.#crypto, this.#chainingKey, this.#hash)
    copy.#key = this.#key
    copy.#nonce = this.#nonce
    return copy
  }

  /** Transcript hash so far. */
  get hash(): Uint8Array {
    return this.#hash
  }

  mixHash(data: Uint8Array): void {
    this.#hash = this.#crypto.sha256(concatBytes(this.#hash, data))
  }

  mixKey(input: Uint8Array): void {
    const [chainingKey, key] = deriveKeys(this.#crypto, this.#chainingKey, input)
    this.#chainingKey = chainingKey
    this.#key = key
    this.#nonce = 0n
  }

  seal(plaintext: Uint8Array): Uint8Array {
    const sealed = this.#cipher().seal(this.#nonce++, NO_BYTES, plaintext)
    this.mixHash(sealed)
    return sealed
  }

  /** The plaintext, or undefined (the state is then no longer usable: work on a clone). */
  open(sealed: Uint8Array): Uint8Array | undefined {
    const plaintext = this.#cipher().open(this.#nonce++, NO_BYTES, sealed)
    if (plaintext !== undefined) this.mixHash(sealed)
    return plaintext
  }

  /** The transport keys as the initiator names them. */
  splitAsInitiator(): TransportKeys {
    const [send, receive] = deriveKeys(this.#crypto, this.#chainingKey, NO_BYTES)
    return { send, receive }
  }

  /** The transport keys as the responder names them. */
  splitAsResponder(): TransportKeys {
    const [receive, send] = deriveKeys(this.#crypto, this.#chainingKey, NO_BYTES)
    return { send, receive }
  }

  #cipher(): ReturnType<Crypto['cipher']> {
    if (this.#key === undefined) throw new Error('no handshake key yet')
    return this.#crypto.cipher(this.#key)
  }
}

/** HKDF-SHA256 salted with the chaining key, 64 bytes, in two halves: of `mixKey` and of the final split. */
export function deriveKeys(
  crypto: Pick<Crypto, 'hkdf'>,
  chainingKey: Uint8Array,
  input: Uint8Array,
): [Uint8Array, Uint8Array] {
  const output = crypto.hkdf(chainingKey, input)
  return [output.slice(0, HKDF_SIZE / 2), output.slice(HKDF_SIZE / 2)]
}
