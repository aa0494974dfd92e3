export { forwardTargets, originTargets, requestAfterHop, responseAfterHop } from './decide.ts'
export type { ForwardTargets, LookupHop } from './decide.ts'
export {
  ATTEMPT_TIMEOUTS,
  BACKOFF,
  FORWARD_LIMITER_ENTRIES,
  FORWARD_MIN_INTERVAL,
  LOOKUP_TTL,
  LookupBackoff,
  MAX_PENDING_LOOKUPS,
  MAX_RECENT_REQUESTS,
  RECENT_REQUEST_EXPIRY,
} from './limits.ts'
export type { BackoffLimits } from './limits.ts'
export { LookupOrigin } from './origin.ts'
export type { Initiation, LookupAttempt, LookupOptions, LookupPoll, ResponseFault } from './origin.ts'
export { answerLookup, proofDigest, verifyProof } from './proof.ts'
export { RequestTable } from './transit.ts'
export type { RequestVerdict, ResponseRoute } from './transit.ts'
export {
  decodeLookupRequest,
  decodeLookupResponse,
  encodeLookupRequest,
  encodeLookupResponse,
  LOOKUP_REQUEST_TYPE,
  LOOKUP_RESPONSE_TYPE,
  proofBytes,
} from './wire.ts'
export type { LookupRejection, LookupRequest, LookupResponse } from './wire.ts'
