/**
 * Sends datagrams in batches, out of the caller's memory: one system call for many, and one message for a run to one
 * destination, which the kernel cuts into datagrams of equal size (UDP_SEGMENT), the last of which may be shorter.
 */
import { constants } from 'node:os'
import type { Native, NativeMemory } from '../native/index.ts'
import {
  CONTROL_BYTES,
  IOV_BYTES,
  MESSAGE_BYTES,
  setIov,
  setIovs,
  setName,
  setSegmentSize,
} from './messages.ts'

const { EINTR, EINVAL, EIO, EMSGSIZE } = constants.errno

/** Datagrams queued at most; then they leave. */
const CAPACITY = 64

/** UDP_MAX_SEGMENTS of the kernel's first versions. */
const MAX_SEGMENTS = 64
/** Bytes of a run: an IP packet's, without headers. */
const MAX_RUN_BYTES = 65_000

export interface Target {
  /** Its socket address; the memory must stay. */
  readonly name: NativeMemory
  /** The longest datagram that can be sent there in runs, bytes: lowered to what the route bears. */
  maxSegment: number
}

export class Outbox {
  readonly #native: Native
  readonly #fd: number
  readonly #nameLength: number
  readonly #failed: (datagrams: number) => void
  /** Messages, controls, iovs. */
  readonly #memory: NativeMemory
  readonly #targets: (Target | undefined)[] = Array.from({ length: CAPACITY })
  readonly #lengths = new Uint32Array(CAPACITY)
  /** Which datagram a message begins with. */
  readonly #firstOf = new Uint32Array(CAPACITY + 1)
  #count = 0

  /** `failed` is told of datagrams that the system refused. */
  constructor(native: Native, fd: number, nameLength: number, failed: (datagrams: number) => void) {
    this.#native = native
    this.#fd = fd
    this.#nameLength = nameLength
    this.#failed = failed
    this.#memory = native.memory(CAPACITY * (MESSAGE_BYTES + CONTROL_BYTES + IOV_BYTES))
  }

  /** The address must hold what it holds until `flush`. */
  add(target: Target, address: number, length: number): void {
    if (this.#count === CAPACITY) this.flush()
    const i = this.#count++
    this.#targets[i] = target
    this.#lengths[i] = length
    setIov(this.#memory, iovAt(i), address, length)
  }

  flush(): void {
    for (let next = 0; next < this.#count;) next = this.#sendFrom(next)
    this.#count = 0
  }

  /** Sends from datagram `start` on; returns the first that has to be laid out anew, or the count. */
  #sendFrom(start: number): number {
    const { libc } = this.#native
    const messages = this.#layOut(start)
    for (let sent = 0; sent < messages;) {
      const result = libc.sendmmsg(this.#fd, this.#memory.base + sent * MESSAGE_BYTES, messages - sent, 0)
      if (result > 0) {
        sent += result
        continue
      }
      // The error is that of the first message, the others were not tried.
      const errno = libc.errno()
      if (errno === EINTR) continue
      const first = this.#firstOf[sent]!
      const datagrams = this.#firstOf[sent + 1]! - first
      if (datagrams > 1 && (errno === EINVAL || errno === EMSGSIZE || errno === EIO)) {
        // Longer than the route's MTU, or (EIO) a device that cannot compute the checksums.
        this.#targets[first]!.maxSegment = errno === EIO ? 0 : this.#lengths[first]! - 1
        return first
      }
      // A full buffer, no route, an old ICMP error: datagrams get lost.
      this.#failed(datagrams)
      sent++
    }
    return this.#count
  }

  /** Makes messages of the datagrams from `start` on; returns how many. */
  #layOut(start: number): number {
    let message = 0
    for (let first = start, end: number; first < this.#count; first = end) {
      end = this.#runFrom(first)
      this.#firstOf[message] = first
      const at = message * MESSAGE_BYTES
      const segments = end - first
      setName(this.#memory, at, this.#targets[first]!.name.base, this.#nameLength)
      setIovs(this.#memory, at, this.#memory.base + iovAt(first), segments)
      setSegmentSize(this.#memory, at, controlAt(message), segments > 1 ? this.#lengths[first]! : 0)
      message++
    }
    this.#firstOf[message] = this.#count
    return message
  }

  /** The end of the run that begins with datagram `first`. */
  #runFrom(first: number): number {
    const target = this.#targets[first]!
    const size = this.#lengths[first]!
    if (size === 0 || size > target.maxSegment) return first + 1
    let end = first + 1
    let bytes = size
    while (end < this.#count && end - first < MAX_SEGMENTS && this.#targets[end] === target) {
      const length = this.#lengths[end]!
      bytes += length
      if (length === 0 || length > size || bytes > MAX_RUN_BYTES) break
      end++
      if (length < size) break
    }
    return end
  }
}

function controlAt(message: number): number {
  return CAPACITY * MESSAGE_BYTES + message * CONTROL_BYTES
}

function iovAt(datagram: number): number {
  return CAPACITY * (MESSAGE_BYTES + CONTROL_BYTES) + datagram * IOV_BYTES
}
