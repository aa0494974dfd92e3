/** The FIPS protocol core: sans-IO, wire version 0. Runs in Node, browsers and anything else with ES2023. */
export {
  ByteReader,
  ByteWriter,
  asciiBytes,
  concatBytes,
  equalBytes,
  hex,
  putU32,
  u32At,
  unhex,
} from './bytes.ts'
export * from './bloom/index.ts'
export {
  coordinatesSize,
  depthOf,
  readCoordinates,
  readNodeAddr,
  rootOf,
  writeCoordinates,
  writeNodeAddr,
} from './coordinates.ts'
export type { Coordinates } from './coordinates.ts'
export * from './crypto/index.ts'
export * from './fmp/index.ts'
export * from './fsp/index.ts'
export * from './identity/index.ts'
export { IntervalLimiter } from './limits.ts'
export * from './link.ts'
export * from './lookup/index.ts'
export * from './mesh/index.ts'
export * from './mmp/index.ts'
export * from './node/index.ts'
export * from './noise/index.ts'
export * from './random.ts'
export * from './result.ts'
export * from './routing/index.ts'
export * from './stp/index.ts'
export { StreamFramer, type CutFrames } from './stream-framer.ts'
export * from './time.ts'
