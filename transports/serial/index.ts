/** FIPS over a serial line. */
export type { Framing } from './recogniser.ts'
export { SerialTransport, type SerialOptions } from './serial.ts'
