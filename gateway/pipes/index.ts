/** Byte pipes over serial ports, TCP and pseudo-terminals. */
export { openPty, type Pty } from './pty.ts'
export { DEFAULT_BAUD_RATE, openSerialPipe, type SerialOptions } from './serial-pipe.ts'
export { openTcpPipe, RNODE_TCP_PORT, socketPipe } from './tcp-pipe.ts'
