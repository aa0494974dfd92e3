/** Datagrams one by one through node:dgram: the portable way, and the yardstick of the batched one. */
import dgram from 'node:dgram'
import { formatSocketAddress, type SocketAddress } from './address.ts'
import type { DatagramSink, DatagramSocket, Destination, SocketOptions } from './socket.ts'

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
  return new DgramSocket(socket, options, sink)
}

class DgramSocket implements DatagramSocket {
  readonly host: string
  readonly port: number
  readonly #socket: dgram.Socket
  readonly #family: 4 | 6
  readonly #sink: DatagramSink
  #unsent = 0
  #closed: Promise<void> | undefined

  constructor(socket: dgram.Socket, { bind, maxDatagramBytes }: SocketOptions, sink: DatagramSink) {
    this.#socket = socket
    this.#family = bind.family
    this.#sink = sink
    const bound = socket.address()
    this.host = bound.address
    this.port = bound.port
    socket.on('message', (datagram, from) => {
      if (this.#closed !== undefined) return
      if (datagram.length > maxDatagramBytes) {
        sink.oversize()
        return
      }
      sink.datagram(formatSocketAddress(from.address, from.port), plainView(datagram), 0, datagram.length)
      sink.batchEnd()
    })
    socket.on('error', () => {
      if (this.#closed === undefined) sink.failed()
    })
  }

  to({ host, port, family }: SocketAddress): Destination | undefined {
    if (this.#family === 4 && family === 6) return undefined
    const reached = this.#family === 6 && family === 4 ? `::ffff:${host}` : host
    return {
      send: (datagram) => this.#send(reached, port, datagram),
      queue: (slab, at, length) => this.#send(reached, port, slab.subarray(at, at + length)),
    }
  }

  flush(): void {
    // Whatever was queued is with libuv already.
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#socket.close(() => resolve()))
    return this.#closed
  }

  #send(host: string, port: number, datagram: Uint8Array): boolean {
    if (this.#closed !== undefined || this.#unsent >= MAX_UNSENT) return false
    this.#unsent++
    // dgram sends on the next tick, so the caller's bytes are copied.
    this.#socket.send(Uint8Array.from(datagram), port, host, (error) => {
      this.#unsent--
      if (error !== null && this.#closed === undefined) this.#sink.sendFailed(1)
    })
    return true
  }
}

/** A Buffer's `slice` does not copy as that of a Uint8Array does, so none is let into code that expects the latter. */
function plainView(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
