/** The daemon for Node: what wires ports, boards, transports and the node together. */
export type { Clock } from '../core/index.ts'
export { chooseCrypto, type CryptoPreference } from './crypto/index.ts'
