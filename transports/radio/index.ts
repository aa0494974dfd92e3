/** LoRa link adaptation: fragments, ARQ, airtime and neighbours below FMP. Pure: time and randomness are arguments. */
export type { AirCounters, LossReason, RadioInput, RadioLinkOptions, RadioOutput } from './api.ts'
export { SubBandBudget, type AirtimeBudget, type BudgetState } from './budget.ts'
export { chooseBits,  lowBits, rebuildCounter,  } from './counter.ts'
export { joinEstablished, joinNamed, takeApart,  } from './header.ts'
export {
  
  
  
  
  MAX_QUEUED_PER_NEIGHBOUR,
  
  RADIO_MTU,
} from './limits.ts'
export { RadioLink } from './link.ts'
export type { RadioNeighbour } from './neighbours.ts'
export {  stationOf,  } from './station.ts'
export {  type RadioTiming } from './timing.ts'
export { decodePacket, encodePacket, type RadioPacket,  } from './wire.ts'
