/** Names of the mesh for the resolver of this host. */
export { answerQuery } from './answer.ts'
export { cameOverMesh } from './mesh-source.ts'
export { startDns, type DnsResponder } from './responder.ts'
