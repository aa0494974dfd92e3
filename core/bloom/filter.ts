/** The reachability filter of FilterAnnounce. */
import type { NodeAddr } from '../identity/index.ts'

export interface BloomFilter {
  has(addr: NodeAddr): boolean
}
