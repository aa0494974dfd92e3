export { BloomFilter, FILTER_BITS, FILTER_BYTES, FILTER_HASHES, FilterKey } from './filter.ts'
export {
  decodeFilterAnnounce,
  encodeFilterAnnounce,
  FILTER_ANNOUNCE_SIZE,
  FILTER_ANNOUNCE_TYPE,
  FILTER_SIZE_CLASS,
} from './wire.ts'
export type { FilterAnnounce, FilterAnnounceRejection } from './wire.ts'
