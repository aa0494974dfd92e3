/** A node's own identity: what it can prove with its secret, and what others may know. */
import { SECRET_SIZE, nobleCrypto, type Crypto } from '../crypto/index.ts'
import { ipv6Of, nodeAddrOf } from './address.ts'
import { npubOf, xOnlyKey } from './nip19.ts'
import type { NodeAddr, PublicKey } from './types.ts'

export class Identity {
  /** x-only, 32 bytes. */
  readonly publicKey: PublicKey
  /** With the parity byte the secret really has, 33 bytes: what a handshake carries. */
  readonly compressed: Uint8Array
  readonly nodeAddr: NodeAddr
  readonly npub: string
  /** 16 bytes. */
  readonly ipv6: Uint8Array
  readonly crypto: Crypto
  /** Private, so that no log, dump or serialization of an identity can carry it. */
  readonly #secret: Uint8Array

  /** Takes a copy of the 32-byte secret. Throws RangeError when it is no secp256k1 secret key. */
  static fromSecret(secret: Uint8Array, crypto: Crypto = nobleCrypto): Identity {
    if (secret.length !== SECRET_SIZE) throw new RangeError('a secret key has 32 bytes')
    return new Identity(secret.slice(), crypto)
  }

  private constructor(secret: Uint8Array, crypto: Crypto) {
    this.#secret = secret
    this.crypto = crypto
    this.compressed = crypto.publicKey(secret)
    this.publicKey = xOnlyKey(this.compressed).slice()
    this.nodeAddr = nodeAddrOf(this.publicKey, crypto)
    this.npub = npubOf(this.publicKey)
    this.ipv6 = ipv6Of(this.nodeAddr)
  }

  /** BIP-340 signature (64 bytes) of a 32-byte digest; `aux` is 32 bytes of fresh randomness. */
  sign(digest: Uint8Array, aux: Uint8Array): Uint8Array {
    return this.crypto.sign(digest, this.#secret, aux)
  }

  /** The secret shared with a 33-byte compressed key; undefined when that is no point of the curve. */
  ecdh(publicKey: Uint8Array): Uint8Array | undefined {
    return this.crypto.ecdh(this.#secret, publicKey)
  }
}
