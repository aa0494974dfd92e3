/** Media that carry FMP frames. */
export {
  MemoryHub,
  type MemoryHubOptions,
  type MemoryTransport,
  type MemoryTransportOptions,
} from './memory.ts'
export * from './middleware/index.ts'
export * from './serial/index.ts'
export { systemClock } from './system-clock.ts'
export * from './tcp/index.ts'
export * from './transport.ts'
export * from './udp/index.ts'
export { LoraTransport, regionBudgetFor, type LoraTransportOptions, type RegionBudget } from './lora.ts'
export {
  HOST_TURNAROUND,
  RADIO_MTU,
  stationOf,
  SubBandBudget,
  type AirCounters,
  type AirtimeBudget,
  type BudgetState,
  type RadioNeighbour,
} from './radio/index.ts'
