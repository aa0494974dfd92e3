export type { BloomFilter } from './filter.ts'
