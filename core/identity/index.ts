export type { NodeAddr, PublicKey } from './types.ts'
