/** Byte streams and framings spoken to devices. */
export { PipeError, type BytePipe, type PipeOpener, type PipeSink } from './pipe.ts'
export { encodeKiss, FEND, FESC, KissDeframer, TFEND, TFESC, type KissDrops } from './kiss.ts'
export { memoryPipePair, type MemoryPipeOptions } from './memory-pipe.ts'
