/**
 * The datagram socket below the UDP transport: the seam between FIPS frames and how this machine moves datagrams.
 * A batching implementation replaces the plain one here without the transport noticing.
 */
import type { SocketAddress } from './address.ts'

export interface DatagramSocket {
  /** As bound, with the real port. */
  readonly host: string
  readonly port: number
  /** False when the socket's queue is full: the datagram was not taken. Copies unless it has left on return. */
  send(to: SocketAddress, datagram: Uint8Array): boolean
  /** Nothing is called back after it resolves. Idempotent. */
  close(): Promise<void>
}

export interface DatagramSink {
  /** The view is valid only during the call; `host` is as the system gives it. */
  datagram(host: string, port: number, datagram: Uint8Array): void
  /** One datagram could not be sent; the socket goes on. */
  sendFailed(error: Error): void
  /** The socket itself reported an error and goes on. */
  failed(error: Error): void
}

export interface SocketOptions {
  readonly bind: SocketAddress
  /** On an IPv6 wildcard also take IPv4. */
  readonly dualStack: boolean
  readonly receiveBufferBytes: number
  readonly sendBufferBytes: number
}

/** Binds a socket; rejects with the system's error (`code` is its name, `EADDRINUSE`, ...). */
export type OpenDatagramSocket = (options: SocketOptions, sink: DatagramSink) => Promise<DatagramSocket>
