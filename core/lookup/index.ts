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
