/** LoRa link adaptation: fragments, ARQ, airtime and neighbours below FMP. Pure: time and randomness are arguments. */
export type { AirCounters, LossReason, RadioInput, RadioLinkOptions, RadioOutput } from './api.ts'
export { SubBandBudget, type AirtimeBudget, type BudgetState } from './budget.ts'
export { chooseBits, counterCheck, lowBits, rebuildCounter, type CounterBits } from './counter.ts'
export { joinEstablished, joinNamed, takeApart, type FrameForm } from './header.ts'
export {
  BURST_FRAGMENTS,
  MAX_FRAGMENTS,
  MAX_NEIGHBOURS,
  MAX_QUEUED,
  MAX_QUEUED_PER_NEIGHBOUR,
  MODEM_DEPTH,
  RADIO_MTU,
} from './limits.ts'
export { RadioLink } from './link.ts'
export type { RadioNeighbour } from './neighbours.ts'
export { isStationId, stationOf, type StationId } from './station.ts'
export { Physics, type RadioTiming } from './timing.ts'
export { decodePacket, encodePacket, type RadioPacket, type WireError } from './wire.ts'
