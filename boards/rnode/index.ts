/** The RNode driver. */
export { COMMAND as RNODE_COMMAND } from './commands.ts'
export { RnodeBoard, type RnodeBoardDeps } from './rnode-board.ts'
