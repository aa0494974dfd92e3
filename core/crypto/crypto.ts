/**
 * The primitives FIPS wire version 0 is built from, behind one interface so that a host can put in faster ones:
 * secp256k1 (ECDH, BIP-340), SHA-256, HKDF over it and ChaCha20-Poly1305.
 */

/** Bytes the AEAD adds. */
export const TAG_SIZE = 16
export const SECRET_SIZE = 32
/** secp256k1 point with its parity byte, 02 or 03. */
export const COMPRESSED_KEY_SIZE = 33
export const SIGNATURE_SIZE = 64
export const HKDF_SIZE = 64

/** ChaCha20-Poly1305 under one key. The nonce is 4 zero bytes and the counter as 8 bytes little-endian. */
export interface Cipher {
  /** The ciphertext followed by its tag. Never use a counter twice under one key. */
  seal(counter: bigint, aad: Uint8Array, plaintext: Uint8Array): Uint8Array
  /**
   * As `seal`, into `output` of exactly `plaintext.length + TAG_SIZE` bytes. `plaintext` may be the front of `output`
   * itself (sealing in place); no other overlap, and `aad` must not overlap it.
   */
  sealInto(counter: bigint, aad: Uint8Array, plaintext: Uint8Array, output: Uint8Array): void
  /** The plaintext, or undefined when the tag does not fit (or is not all there). */
  open(counter: bigint, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
  /**
   * The same by offsets, for the data path: seals `length` bytes of `bytes` from `at` in place, the tag behind them; the
   * associated data are `aadLength` bytes from `aadAt`. `counter` is a safe integer.
   */
  sealAt(
    counter: number,
    bytes: Uint8Array,
    aadAt: number,
    aadLength: number,
    at: number,
    length: number,
  ): void
  /**
   * Opens `length` bytes of `input` from `at`, tag included, into `output` from `outAt`; the two places do not overlap.
   * False when the tag does not fit (or is not all there): what `output` then holds is not to be used. `input` is as it
   * was, so that another key can be tried.
   */
  openAt(
    counter: number,
    input: Uint8Array,
    aadAt: number,
    aadLength: number,
    at: number,
    length: number,
    output: Uint8Array,
    outAt: number,
  ): boolean
}

export interface Crypto {
  /** Names the implementation in logs and status. */
  readonly name: string
  sha256(data: Uint8Array): Uint8Array
  /** HKDF-SHA256 without info, 64 bytes. */
  hkdf(salt: Uint8Array, input: Uint8Array): Uint8Array
  /** The compressed public key (33 bytes). Throws RangeError when `secret` is not in 1..n-1. */
  publicKey(secret: Uint8Array): Uint8Array
  /** SHA-256 of the x coordinate of the shared point (32 bytes); undefined when `publicKey` is no compressed point. */
  ecdh(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined
  /** BIP-340 signature (64 bytes) of a 32-byte digest; `aux` is 32 bytes of fresh randomness. */
  sign(digest: Uint8Array, secret: Uint8Array, aux: Uint8Array): Uint8Array
  /** Whether the BIP-340 signature holds for the x-only key. False on malformed input. */
  verify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean
  /** Throws RangeError when the key is not 32 bytes. */
  cipher(key: Uint8Array): Cipher
}

/** The 12-byte AEAD nonce of a counter. */
export function nonceOf(counter: bigint): Uint8Array {
  const nonce = new Uint8Array(12)
  new DataView(nonce.buffer).setBigUint64(4, counter, true)
  return nonce
}
