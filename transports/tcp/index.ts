/** FIPS over TCP. */
export { TcpTransport, type TcpOptions } from './tcp.ts'
