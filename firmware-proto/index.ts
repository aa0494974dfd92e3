/** Byte streams and framings spoken to devices. */
export { PipeError, type BytePipe, type PipeOpener, type PipeSink } from './pipe.ts'
