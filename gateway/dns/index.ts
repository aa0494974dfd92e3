/** Names of the mesh for the resolver of this host. */
export { answerQuery, DEFAULT_TTL, ZONE, type DnsAnswer, type DnsOptions } from './answer.ts'
export { cameOverMesh } from './mesh-source.ts'
export { startDns, type DnsResponder, type DnsResponderOptions, type DnsStats } from './responder.ts'
