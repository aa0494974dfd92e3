/** FIPS over UDP. */
export { formatSocketAddress, parseSocketAddress, type AddressFault, type SocketAddress } from './address.ts'
export { openDgramSocket } from './dgram-socket.ts'
export type {
  DatagramSink,
  DatagramSocket,
  Destination,
  OpenDatagramSocket,
  SocketOptions,
} from './socket.ts'
export { UdpTransport, type UdpOptions } from './udp.ts'
