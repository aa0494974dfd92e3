/** What the two handshakes share: sizes, inputs, results and the reading of keys. */
import { COMPRESSED_KEY_SIZE, SECRET_SIZE, TAG_SIZE, type Crypto } from '../crypto/index.ts'
import type { Identity, PublicKey } from '../identity/index.ts'

/** Random bytes drawn once per start of a node: a peer sees by a new epoch that we restarted. */
export const EPOCH_SIZE = 8

const SEALED_STATIC_SIZE = COMPRESSED_KEY_SIZE + TAG_SIZE
const SEALED_EPOCH_SIZE = EPOCH_SIZE + TAG_SIZE

/** Ephemeral, sealed static key, sealed epoch. */
export const IK_MSG1_SIZE: number = COMPRESSED_KEY_SIZE + SEALED_STATIC_SIZE + SEALED_EPOCH_SIZE
/** Ephemeral, sealed epoch. */
export const IK_MSG2_SIZE: number = COMPRESSED_KEY_SIZE + SEALED_EPOCH_SIZE
/** Ephemeral. */
export const XK_MSG1_SIZE: number = COMPRESSED_KEY_SIZE
/** Ephemeral, sealed epoch. */
export const XK_MSG2_SIZE: number = COMPRESSED_KEY_SIZE + SEALED_EPOCH_SIZE
/** Sealed static key, sealed epoch. */
export const XK_MSG3_SIZE: number = SEALED_STATIC_SIZE + SEALED_EPOCH_SIZE

/** Where the sealed epoch begins after a sealed static key that begins at `at`. */
export function endOfSealedStatic(at: number): number {
  return at + SEALED_STATIC_SIZE
}

/** Our side of a handshake. Randomness comes from the caller. */
export interface HandshakeInit {
  readonly identity: Identity
  /** 32 fresh random bytes in 1..n-1, for this handshake only. */
  readonly ephemeralSecret: Uint8Array
  /** The epoch of this start, EPOCH_SIZE bytes. */
  readonly epoch: Uint8Array
}

/** The two keys of an established link or session, 32 bytes each. */
export interface TransportKeys {
  readonly send: Uint8Array
  readonly receive: Uint8Array
}

/** Who the other side proved to be. */
export interface RemoteIdentity {
  /** x-only: compare identities by this. */
  readonly remoteStatic: PublicKey
  /** 33 bytes; the true parity where the remote sent its key, 02 where it was known from an npub. */
  readonly remoteCompressed: Uint8Array
}

/** A completed handshake. */
export interface Established extends RemoteIdentity {
  readonly keys: TransportKeys
  readonly remoteEpoch: Uint8Array
  /** Transcript hash, 32 bytes, equal on both sides. */
  readonly handshakeHash: Uint8Array
}

/** Why a handshake message was refused. */
export type HandshakeRejection = 'wrong-length' | 'not-a-key' | 'does-not-open'

/** Our ephemeral key of one handshake. */
export class Ephemeral {
  readonly publicKey: Uint8Array
  readonly #secret: Uint8Array
  readonly #crypto: Crypto

  /** Throws RangeError when `secret` is no secret key. */
  constructor(secret: Uint8Array, crypto: Crypto) {
    if (secret.length !== SECRET_SIZE) throw new RangeError('an ephemeral secret has 32 bytes')
    this.#secret = secret.slice()
    this.#crypto = crypto
    this.publicKey = crypto.publicKey(this.#secret)
  }

  ecdh(publicKey: Uint8Array): Uint8Array | undefined {
    return this.#crypto.ecdh(this.#secret, publicKey)
  }

  /** Overwrites the secret once the keys are derived. */
  wipe(): void {
    this.#secret.fill(0)
  }
}

/** A shared secret with a key known to be valid. */
export function mustShare(shared: Uint8Array | undefined): Uint8Array {
  if (shared === undefined) throw new RangeError('not a public key')
  return shared
}

/** Asserts the order of calls: a handshake object lives through its messages once. */
export function assertStage(actual: string, expected: string): void {
  if (actual !== expected) throw new Error(`handshake is ${actual}, not ${expected}`)
}

/** Throws RangeError unless `epoch` has its size. */
export function checkedEpoch(epoch: Uint8Array): Uint8Array {
  if (epoch.length !== EPOCH_SIZE) throw new RangeError('an epoch has 8 bytes')
  return epoch.slice()
}
