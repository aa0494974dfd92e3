/**
 * Keys as people write them (NIP-19): bech32 `npub` and `nsec`, and 64 hex digits for a secret. The bech32m checksum,
 * which the reference lets through, is refused: no tool writes it, so it can only be a damaged or crafted string.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bech32 } from '@scure/base'
import { concatBytes, unhex } from '../bytes.ts'
import { COMPRESSED_KEY_SIZE } from '../crypto/index.ts'
import { accept, reject, type Result } from '../result.ts'
import type { PublicKey } from './types.ts'

export type KeyRejection = 'not-bech32' | 'not-hex' | 'wrong-prefix' | 'wrong-length' | 'not-a-key'

const KEY_SIZE = 32
/** Parity byte of an even y: what an x-only key is taken to mean. */
const EVEN = Uint8Array.of(0x02)

/** `npub1…` of an x-only key. */
export function npubOf(publicKey: PublicKey): string {
  return bech32.encodeFromBytes('npub', publicKey)
}

/** `nsec1…` of a secret. The result is as secret as its input. */
export function nsecOf(secret: Uint8Array): string {
  return bech32.encodeFromBytes('nsec', secret)
}

/** The x-only key of an `npub1…` string; refused unless it is a point of the curve. */
export function parseNpub(text: string): Result<PublicKey, KeyRejection> {
  const decoded = decode('npub', text)
  if (!decoded.ok) return decoded
  return isPublicKey(decoded.value) ? decoded : reject('not-a-key')
}

/** The secret (32 bytes, in 1..n-1) of an `nsec1…` string or of 64 hex digits. Rejections never quote the text. */
export function parseSecret(text: string): Result<Uint8Array, KeyRejection> {
  if (text.startsWith('nsec1')) return parseNsec(text)
  const decoded = decodeHex(text)
  if (!decoded.ok) return decoded
  return isSecret(decoded.value) ? decoded : reject('not-a-key')
}

/** The secret of an `nsec1…` string of either case, and of nothing else. */
export function parseNsec(text: string): Result<Uint8Array, KeyRejection> {
  const decoded = decode('nsec', text)
  if (!decoded.ok) return decoded
  return isSecret(decoded.value) ? decoded : reject('not-a-key')
}

/** Whether 32 bytes are the x coordinate of a point of the curve. */
export function isPublicKey(publicKey: PublicKey): boolean {
  return publicKey.length === KEY_SIZE && secp256k1.utils.isValidPublicKey(compressedKey(publicKey), true)
}

/** The 33-byte form of an x-only key, which stands for the point with even y. */
export function compressedKey(publicKey: PublicKey): Uint8Array {
  return concatBytes(EVEN, publicKey)
}

/** The x-only key of a 33-byte compressed one, as a view of it. */
export function xOnlyKey(compressed: Uint8Array): PublicKey {
  return compressed.subarray(1, COMPRESSED_KEY_SIZE)
}

function isSecret(secret: Uint8Array): boolean {
  return secp256k1.utils.isValidSecretKey(secret)
}

function decode(prefix: string, text: string): Result<Uint8Array, KeyRejection> {
  const decoded = bech32.decodeUnsafe(text)
  if (decoded === undefined) return reject('not-bech32')
  if (decoded.prefix !== prefix) return reject('wrong-prefix', prefix, decoded.prefix)
  const bytes = bech32.fromWordsUnsafe(decoded.words)
  if (bytes === undefined) return reject('not-bech32')
  if (bytes.length !== KEY_SIZE) return reject('wrong-length', KEY_SIZE, bytes.length)
  return accept(Uint8Array.from(bytes))
}

function decodeHex(text: string): Result<Uint8Array, KeyRejection> {
  const bytes = unhex(text)
  if (bytes === undefined) return reject('not-hex')
  if (bytes.length !== KEY_SIZE) return reject('wrong-length', KEY_SIZE, bytes.length)
  return accept(bytes)
}
