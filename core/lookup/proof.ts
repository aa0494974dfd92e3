/** The target's signature over its own position. */
import type { Coordinates } from '../coordinates.ts'
import type { Crypto } from '../crypto/index.ts'
import type { Identity, PublicKey } from '../identity/index.ts'
import type { LookupRequest, LookupResponse } from './wire.ts'
import { proofBytes } from './wire.ts'

/** A response starts with the largest MTU there is; every hop lowers it to that of its link. */
const UNLIMITED_PATH_MTU = 0xffff

/** SHA-256 of what the proof covers. */
export function proofDigest(
  response: Pick<LookupResponse, 'requestId' | 'target' | 'targetCoordinates'>,
  crypto: Pick<Crypto, 'sha256'>,
): Uint8Array {
  return crypto.sha256(proofBytes(response))
}

/** Our answer to a request for us. `aux`: 32 bytes of fresh randomness. */
export function answerLookup(
  request: LookupRequest,
  ownCoordinates: Coordinates,
  identity: Pick<Identity, 'sign' | 'nodeAddr'>,
  crypto: Pick<Crypto, 'sha256'>,
  aux: Uint8Array,
): LookupResponse {
  const claim = {
    requestId: request.requestId,
    target: identity.nodeAddr,
    targetCoordinates: ownCoordinates,
  }
  return {
    ...claim,
    pathMtu: UNLIMITED_PATH_MTU,
    proof: identity.sign(proofDigest(claim, crypto), aux),
  }
}

export function verifyProof(
  response: LookupResponse,
  publicKey: PublicKey,
  crypto: Pick<Crypto, 'sha256' | 'verify'>,
): boolean {
  return crypto.verify(response.proof, proofDigest(response, crypto), publicKey)
}
