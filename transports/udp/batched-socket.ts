/** Datagrams in batches through recvmmsg and sendmmsg. 64-bit Linux; `openDgramSocket` is the portable twin. */
import { constants } from 'node:os'
import { SystemError, type Native, type NativeMemory, type Watch } from '../native/index.ts'
import { BATCH, Inbox } from './inbox.ts'
import { Outbox, type Target } from './outbox.ts'
import {
  AF_INET,
  AF_INET6,
  encodeSockaddr,
  SenderNames,
  SOCKADDR_BYTES,
  SockaddrReader,
  sockaddrLength,
  type NamedAddress,
} from './sockaddr.ts'
import type { SocketAddress } from './address.ts'
import type { DatagramSink, DatagramSocket, Destination, SocketOptions } from './socket.ts'

const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0x800
const SOCK_CLOEXEC = 0x80000

const SOL_SOCKET = 1
const SO_SNDBUF = 7
const SO_RCVBUF = 8
/** Beyond the system's limit, for those who may. */
const SO_SNDBUFFORCE = 32
const SO_RCVBUFFORCE = 33
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26
const SOL_UDP = 17
const UDP_SEGMENT = 103

const { EADDRNOTAVAIL, EAGAIN, EINTR } = constants.errno

/** Batches of one wake-up; then others get their turn on the event loop. */
const MAX_BATCHES = 16

/** Copies that `send` makes before they leave. */
const COPIES = 64

export async function openBatchedSocket(
  native: Native,
  options: SocketOptions,
  sink: DatagramSink,
): Promise<DatagramSocket> {
  const { libc } = native
  const { family } = options.bind
  const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC
  const fd = libc.socket(family === 4 ? AF_INET : AF_INET6, type, 0)
  if (fd < 0) throw new SystemError('socket', libc.errno())
  try {
    const bound = bind(native, fd, options)
    return new BatchedSocket(native, fd, bound, options, sink)
  } catch (error) {
    libc.close(fd)
    throw error
  }
}

function bind(native: Native, fd: number, options: SocketOptions): NamedAddress {
  const { libc } = native
  const { family } = options.bind
  if (family === 6) setOption(native, fd, IPPROTO_IPV6, IPV6_V6ONLY, options.dualStack ? 0 : 1)
  for (const [forced, plain, size] of [
    [SO_RCVBUFFORCE, SO_RCVBUF, options.receiveBufferBytes],
    [SO_SNDBUFFORCE, SO_SNDBUF, options.sendBufferBytes],
  ] as const)
    if (!setOption(native, fd, SOL_SOCKET, forced, size)) setOption(native, fd, SOL_SOCKET, plain, size)
  const name = encodeSockaddr(native, family, options.bind)
  if (name === undefined) throw new SystemError('bind', EADDRNOTAVAIL)
  if (libc.bind(fd, name.base, sockaddrLength(family)) !== 0) throw new SystemError('bind', libc.errno())
  const length = native.memory(8)
  length.words[0] = SOCKADDR_BYTES
  if (libc.getsockname(fd, name.base, length.base) !== 0) throw new SystemError('getsockname', libc.errno())
  return new SockaddrReader(native).read(name, 0)
}

function setOption(
  { libc, memory }: Native,
  fd: number,
  level: number,
  option: number,
  value: number,
): boolean {
  const argument = memory(8)
  argument.words[0] = value
  return libc.setsockopt(fd, level, option, argument.base, 4) === 0
}

class BatchedSocket implements DatagramSocket {
  readonly host: string
  readonly port: number
  readonly #native: Native
  readonly #fd: number
  readonly #family: 4 | 6
  /** Whether the kernel cuts runs (4.18); an older one would send them as one datagram. */
  readonly #cutsRuns: boolean
  readonly #sink: DatagramSink
  readonly #inbox: Inbox
  readonly #names: SenderNames
  readonly #outbox: Outbox
  readonly #copies: NativeMemory
  readonly #copyBytes: number
  readonly #watch: Watch
  #nextCopy = 0
  #receiving = false
  #closed = false

  constructor(native: Native, fd: number, bound: NamedAddress, options: SocketOptions, sink: DatagramSink) {
    const { family } = options.bind
    const nameLength = sockaddrLength(family)
    this.host = bound.host
    this.port = bound.port
    this.#native = native
    this.#fd = fd
    this.#family = family
    this.#cutsRuns = setOption(native, fd, SOL_UDP, UDP_SEGMENT, 0)
    this.#sink = sink
    this.#inbox = new Inbox(native, fd, nameLength, options.maxDatagramBytes)
    this.#names = new SenderNames(native)
    this.#outbox = new Outbox(native, fd, nameLength, (datagrams) => sink.sendFailed(datagrams))
    this.#copyBytes = options.maxDatagramBytes
    this.#copies = native.memory(COPIES * this.#copyBytes)
    this.#watch = native.watch(fd, () => this.#receive())
  }

  to(address: SocketAddress): Destination | undefined {
    const name = encodeSockaddr(this.#native, this.#family, address)
    if (name === undefined) return undefined
    const inRuns: Target = { name, maxSegment: this.#cutsRuns ? this.#copyBytes : 0 }
    // Up to the next device a run is one packet, and lost as one: what somebody waits for, and its copies, travel alone.
    const alone: Target = { name, maxSegment: 0 }
    return {
      send: (datagram) => this.#send(alone, datagram),
      queue: (slab, at, length) => this.#queue(inRuns, slab, at, length),
    }
  }

  flush(): void {
    if (!this.#closed) this.#outbox.flush()
    this.#nextCopy = 0
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.flush()
      this.#closed = true
      this.#watch.close()
      this.#native.libc.close(this.#fd)
    }
    return Promise.resolve()
  }

  #send(target: Target, datagram: Uint8Array): boolean {
    if (datagram.length > this.#copyBytes) return false
    if (this.#nextCopy === COPIES) this.flush()
    const at = this.#nextCopy++ * this.#copyBytes
    this.#copies.bytes.set(datagram, at)
    const isTaken = this.#queue(target, this.#copies.bytes, at, datagram.length)
    // Answers to what is coming in leave together behind it.
    if (!this.#receiving) this.flush()
    return isTaken
  }

  #queue(target: Target, slab: Uint8Array, at: number, length: number): boolean {
    // The kernel would read on beyond the slab.
    if (this.#closed || at < 0 || length < 0 || at + length > slab.length) return false
    this.#outbox.add(target, this.#native.addressOf(slab) + at, length)
    return true
  }

  #receive(): void {
    this.#receiving = true
    try {
      for (let batch = 0; batch < MAX_BATCHES && !this.#closed; batch++) {
        const count = this.#inbox.receive()
        if (count < 0) {
          if (count !== -EAGAIN && count !== -EINTR) this.#sink.failed()
          break
        }
        this.#handOver(count)
        if (count < BATCH) break
      }
    } finally {
      this.#receiving = false
      this.flush()
    }
  }

  #handOver(count: number): void {
    const { bytes } = this.#inbox
    for (let i = 0; i < count; i++) {
      const length = this.#inbox.take(i)
      if (this.#closed) continue
      if (length === undefined) this.#sink.oversize()
      else this.#sink.datagram(this.#inbox.sender(i, this.#names), bytes, this.#inbox.at(i), length)
    }
    if (this.#closed) return
    this.#sink.batchEnd()
    this.flush()
  }
}
