/** Byte streams and framings spoken to devices. */
export { cobsBound, cobsDecode, CobsDeframer, cobsEncode, type CobsFault } from './cobs.ts'
export { crc16 } from './crc16.ts'
export { crc32 } from './crc32.ts'
export { PipeError, type BytePipe, type PipeOpener, type PipeSink } from './pipe.ts'
export { encodeKiss, FEND, FESC, KissDeframer, TFEND, TFESC, type KissDrops } from './kiss.ts'
export { memoryPipePair, type MemoryPipeOptions } from './memory-pipe.ts'
export {
  decodeCell,
  encodeCell,
  FRAME_CHECK_BYTES,
  MAX_BODY,
  MAX_CELL,
  MAX_UNITS,
  ROUNDS,
  SERIAL_MAX_FRAME,
  UNIT_BYTES,
  type CellFault,
  type SerialCell,
} from './serial-frame.ts'
export { U16_MAX_FRAME, U16_RESYNC, U16Deframer, u16Encode } from './u16-frame.ts'
