/** Radio modems and the emulated ether. */
export {
  BoardError,
  MAX_IN_MODEM,
  type BoardInfo,
  type BoardState,
  type RadioBoard,
  type RadioFrame,
  type RadioParams,
  type TxResult,
} from './board.ts'
export {
  bitRate,
  MAX_PHY_BYTES,
  rnodeFlushesQueue,
  rnodePreambleSymbols,
  rnodeUsesLdro,
  symbolMs,
  timeOnAirMs,
  wantsLdro,
  type Modulation,
} from './airtime.ts'
export {
  checkRegion,
  customPlan,
  maxDwellBytes,
  REGION_NAMES,
  regionPlan,
  type CustomRegion,
  type RegionCode,
  type RegionPlan,
  type RegionRefusal,
  type SubBand,
} from './regions.ts'
export { BOARD_NAMES, boardDriver, type BoardDeps, type BoardDriver } from './registry.ts'
export { RnodeBoard, type RnodeBoardDeps } from './rnode/index.ts'
export * from './sim/index.ts'
