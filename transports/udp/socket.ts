/**
 * The datagram socket below the UDP transport: the seam between FIPS frames and how this machine moves datagrams, one
 * by one through node:dgram or in batches by direct system calls.
 */
import type { TransportAddr } from '../../core/index.ts'
import type { SocketAddress } from './address.ts'

export interface DatagramSocket {
  /** As bound, with the real port. */
  readonly host: string
  readonly port: number
  /** The way to an address, for whoever sends there more than once; undefined when this socket has none. */
  to(address: SocketAddress): Destination | undefined
  /** Sends what its destinations have queued. */
  flush(): void
  /** Nothing is called back after it resolves. Idempotent. */
  close(): Promise<void>
}

export interface Destination {
  /** False when the socket's queue is full: the datagram was not taken. Copies unless it has left on return. */
  send(datagram: Uint8Array): boolean
  /** As `send`, without a copy where it can: the bytes must stay as they are until the socket's `flush`. */
  queue(slab: Uint8Array, at: number, length: number): boolean
}

export interface DatagramSink {
  /** `length` bytes of `bytes` from `at`, valid only during the call. */
  datagram(from: TransportAddr, bytes: Uint8Array, at: number, length: number): void
  /** What had come in together was handed over. */
  batchEnd(): void
  /** A datagram was longer than `maxDatagramBytes` and is lost. */
  oversize(): void
  /** Datagrams that were taken could not be sent; the socket goes on. */
  sendFailed(datagrams: number): void
  /** The socket itself reported an error and goes on. */
  failed(): void
}

export interface SocketOptions {
  readonly bind: SocketAddress
  /** On an IPv6 wildcard also take IPv4. */
  readonly dualStack: boolean
  readonly receiveBufferBytes: number
  readonly sendBufferBytes: number
  /** Longest datagram either way. */
  readonly maxDatagramBytes: number
}

/** Binds a socket; rejects with the system's error (`code` is its name, `EADDRINUSE`, ...). */
export type OpenDatagramSocket = (options: SocketOptions, sink: DatagramSink) => Promise<DatagramSocket>
