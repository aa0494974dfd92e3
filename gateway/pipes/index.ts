/** Byte pipes over serial ports, TCP and pseudo-terminals. */
export { openPty } from './pty.ts'
export { openSerialPipe } from './serial-pipe.ts'
export { openTcpPipe, RNODE_TCP_PORT, socketPipe } from './tcp-pipe.ts'
