/** What of the primitives is secp256k1. */
import type { Crypto } from '../../core/index.ts'

export type Curve = Pick<Crypto, 'publicKey' | 'ecdh' | 'sign' | 'verify'>
