/** FIPS over UDP. */
export { formatSocketAddress, parseSocketAddress, type AddressFault, type SocketAddress } from './address.ts'
export type { DatagramSink, DatagramSocket, OpenDatagramSocket, SocketOptions } from './socket.ts'
export { UdpTransport, type UdpOptions } from './udp.ts'
