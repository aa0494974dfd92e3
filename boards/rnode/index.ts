/** The RNode driver. */
export { RnodeBoard, type RnodeBoardDeps } from './rnode-board.ts'
