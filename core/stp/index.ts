export { chooseParent, shouldEcho } from './decide.ts'
export type { ParentChoice, ParentQuestion } from './decide.ts'
export {
  ANNOUNCE_MIN_INTERVAL,
  DAMPING,
  MAX_TREE_DEPTH,
  PARENT_HYSTERESIS,
  REEVALUATION_INTERVAL,
  SwitchDamper,
  YOUNG_GAIN,
  YOUNG_TREE,
} from './limits.ts'
export type { DampingLimits } from './limits.ts'
export { TreeState } from './state.ts'
export type { LinkFacts, TreeChange, TreeOptions } from './state.ts'
export { announceFault, declarationDigest, pathFault, signDeclaration, verifyDeclaration } from './verify.ts'
export type { AnnounceFault } from './verify.ts'
export {
  declarationBytes,
  decodeTreeAnnounce,
  deepestIn,
  encodeTreeAnnounce,
  TREE_ANNOUNCE_TYPE,
  treeAnnounceSize,
} from './wire.ts'
export type { AncestryEntry, Declaration, TreeAnnounce, TreeAnnounceRejection } from './wire.ts'
