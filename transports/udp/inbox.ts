/** Receives datagrams in batches, into memory of its own. */
import type { TransportAddr } from '../../core/index.ts'
import type { Native, NativeMemory } from '../native/index.ts'
import {
  IOV_BYTES,
  isTruncated,
  MESSAGE_BYTES,
  receivedLength,
  resetNameLength,
  setIov,
  setIovs,
  setName,
} from './messages.ts'
import { SOCKADDR_BYTES, type SenderNames } from './sockaddr.ts'

/** Datagrams of one call: enough to spread its cost, and the memory stays in the processor's cache. */
export const BATCH = 64

const SLOT_ALIGNMENT = 64

export class Inbox {
  readonly bytes: Uint8Array
  /** Bytes between datagrams in `bytes`. */
  readonly #slot: number
  readonly #native: Native
  readonly #fd: number
  readonly #nameLength: number
  /** Messages, their iovs, their names. */
  readonly #memory: NativeMemory

  constructor(native: Native, fd: number, nameLength: number, maxDatagramBytes: number) {
    const slot = Math.ceil(maxDatagramBytes / SLOT_ALIGNMENT) * SLOT_ALIGNMENT
    this.#native = native
    this.#fd = fd
    this.#nameLength = nameLength
    this.#slot = slot
    const memory = native.memory(BATCH * (MESSAGE_BYTES + IOV_BYTES + SOCKADDR_BYTES))
    const datagrams = native.memory(BATCH * slot)
    for (let i = 0; i < BATCH; i++) {
      const message = i * MESSAGE_BYTES
      const iov = BATCH * MESSAGE_BYTES + i * IOV_BYTES
      setName(memory, message, memory.base + nameAt(i), nameLength)
      setIovs(memory, message, memory.base + iov, 1)
      setIov(memory, iov, datagrams.base + i * slot, maxDatagramBytes)
    }
    this.#memory = memory
    this.bytes = datagrams.bytes
  }

  /** How many there are now, or the negative error. What was received before is overwritten. */
  receive(): number {
    const { libc } = this.#native
    const count = libc.recvmmsg(this.#fd, this.#memory.base, BATCH, 0, 0)
    return count < 0 ? -libc.errno() : count
  }

  /** Who sent datagram `i`. */
  sender(i: number, names: SenderNames): TransportAddr {
    return names.nameAt(this.#memory, nameAt(i))
  }

  /** Where datagram `i` begins in `bytes`. */
  at(i: number): number {
    return i * this.#slot
  }

  /** Its length, or undefined when it was longer than can be. To be asked for once, which readies its place again. */
  take(i: number): number | undefined {
    const message = i * MESSAGE_BYTES
    resetNameLength(this.#memory, message, this.#nameLength)
    return isTruncated(this.#memory, message) ? undefined : receivedLength(this.#memory, message)
  }
}

function nameAt(i: number): number {
  return BATCH * (MESSAGE_BYTES + IOV_BYTES) + i * SOCKADDR_BYTES
}
