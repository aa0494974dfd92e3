/** The emulated ether and what lives on it. */
export { AirtimeMeter } from './airtime-meter.ts'
export { Contention, contentionTiming, windowBand, type ContentionTiming } from './contention.ts'
export {
  CAPTURE_DB,
  DEFAULT_LINK,
  Ether,
  type AirFrame,
  type EtherEvent,
  type EtherLink,
  type EtherPort,
  type EtherSink,
  type EtherStats,
  type Reception,
} from './ether.ts'
export { SeededRng } from '../../core/index.ts'
export { SimBoard } from './sim-board.ts'
export { PacedClock, SimClock } from './sim-clock.ts'
export { SimRadio, type SimRadioDeps, type SimRadioSink } from './sim-radio.ts'
export { RnodeEmulator, type RnodeEmulatorDeps } from './rnode/emulator.ts'
export { RNODE_PROFILES, type RnodeFaults, type RnodeProfile } from './rnode/profile.ts'
