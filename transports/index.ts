/** Media that carry FMP frames. */
export {
  MemoryHub,
  type MemoryHubOptions,
  type MemoryTransport,
  type MemoryTransportOptions,
} from './memory.ts'
export * from './middleware/index.ts'
export { systemClock } from './system-clock.ts'
export * from './transport.ts'
export * from './udp/index.ts'
