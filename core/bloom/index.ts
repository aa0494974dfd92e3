export { judgeFilter, outgoingFilter } from './decide.ts'
export type { Contribution, FilterVerdict, OutgoingFilter } from './decide.ts'
export { BloomFilter, FILTER_BITS, FILTER_BYTES, FILTER_HASHES, FilterKey } from './filter.ts'
export { MAX_FALSE_POSITIVE_RATE } from './limits.ts'
export { FilterState } from './state.ts'
export {
  decodeFilterAnnounce,
  encodeFilterAnnounce,
  FILTER_ANNOUNCE_SIZE,
  FILTER_ANNOUNCE_TYPE,
  FILTER_SIZE_CLASS,
} from './wire.ts'
export type { FilterAnnounce, FilterAnnounceRejection } from './wire.ts'
