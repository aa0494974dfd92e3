export {
  IPV6_PREFIX,
  NODE_ADDR_SIZE,
  ipv6Of,
  isMeshIpv6,
  nodeAddrAt,
  nodeAddrFromBytes,
  nodeAddrOf,
  nodeAddrToBytes,
  parseNodeAddr,
} from './address.ts'
export { Identity } from './identity.ts'
export {
  compressedKey,
  isPublicKey,
  npubOf,
  nsecOf,
  parseNpub,
  parseNsec,
  parseSecret,
  xOnlyKey,
  type KeyRejection,
} from './nip19.ts'
export type { NodeAddr, PublicKey } from './types.ts'
