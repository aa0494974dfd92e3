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
