/** System calls on memory that stays where it is. */
export { SystemError } from './libc.ts'
export type { NativeMemory } from './memory.ts'
export { batchIo, native, type Native, type Watch } from './native.ts'
