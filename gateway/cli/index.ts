export { processIo, type CommandIo } from './io.ts'
export { main } from './main.ts'
