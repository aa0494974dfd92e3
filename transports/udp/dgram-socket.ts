/** Datagrams through node:dgram. */
import dgram from 'node:dgram'
import type { SocketAddress } from './address.ts'
import type { DatagramSink, DatagramSocket, SocketOptions } from './socket.ts'

/** Datagrams handed to libuv and not yet sent: it queues without bound when the kernel's buffer is full. */
const MAX_UNSENT = 1024

export async function openDgramSocket(options: SocketOptions, sink: DatagramSink): Promise<DatagramSocket> {
  const { bind } = options
  const socket = dgram.createSocket({
    type: bind.family === 4 ? 'udp4' : 'udp6',
    ipv6Only: bind.family === 6 && !options.dualStack,
    recvBufferSize: options.receiveBufferBytes,
    sendBufferSize: options.sendBufferBytes,
    // Addresses are numeric already; the system's resolver would cost a thread-pool round trip each time.
    lookup: (host, _options, done) => done(null, host, bind.family),
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address: bind.host, port: bind.port, exclusive: true }, () => {
      socket.off('error', reject)
      resolve()
    })
  }).catch((error: unknown) => {
    socket.close()
    throw error
  })
  return new DgramSocket(socket, bind.family, sink)
}

class DgramSocket implements DatagramSocket {
  readonly host: string
  readonly port: number
  readonly #socket: dgram.Socket
  readonly #family: 4 | 6
  readonly #sink: DatagramSink
  #unsent = 0
  #closed: Promise<void> | undefined

  constructor(socket: dgram.Socket, family: 4 | 6, sink: DatagramSink) {
    this.#socket = socket
    this.#family = family
    this.#sink = sink
    const bound = socket.address()
    this.host = bound.address
    this.port = bound.port
    socket.on('message', (datagram, from) => {
      if (this.#closed === undefined) sink.datagram(from.address, from.port, plainView(datagram))
    })
    socket.on('error', (error) => {
      if (this.#closed === undefined) sink.failed(error)
    })
  }

  send(to: SocketAddress, datagram: Uint8Array): boolean {
    if (this.#closed !== undefined || this.#unsent >= MAX_UNSENT) return false
    const host = this.#family === 6 && to.family === 4 ? `::ffff:${to.host}` : to.host
    this.#unsent++
    // dgram sends on the next tick, so the caller's bytes are copied.
    this.#socket.send(Uint8Array.from(datagram), to.port, host, (error) => {
      this.#unsent--
      if (error !== null && this.#closed === undefined) this.#sink.sendFailed(error)
    })
    return true
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#socket.close(() => resolve()))
    return this.#closed
  }
}

/** A Buffer's `slice` does not copy as that of a Uint8Array does, so none is let into code that expects the latter. */
function plainView(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
