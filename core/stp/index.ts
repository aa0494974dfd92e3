export {
  declarationBytes,
  decodeTreeAnnounce,
  encodeTreeAnnounce,
  TREE_ANNOUNCE_TYPE,
  treeAnnounceSize,
} from './wire.ts'
export type { AncestryEntry, Declaration, TreeAnnounce, TreeAnnounceRejection } from './wire.ts'
