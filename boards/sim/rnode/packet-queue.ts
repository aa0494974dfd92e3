/**
 * The firmware's queue between serial line and radio: a ring of bytes and a list of packet ends. When it overflows
 * it says nothing and corrupts: bytes are dropped, and what is left of one packet is glued to the next.
 */
import { MAX_HOST_PACKET } from '../../rnode/commands.ts'

const QUEUE_BYTES = 6144
const QUEUE_PACKETS = 200

/** What the radio has taken from the queue but not begun to send still occupies it. */
export interface Held {
  readonly queued: number
  readonly queuedBytes: number
}

export class PacketQueue {
  readonly #held: () => Held
  #current: number[] = []
  #packets: Uint8Array[] = []
  #bytes = 0

  constructor(held: () => Held) {
    this.#held = held
  }

  /** Room for at least one more full packet. */
  get hasRoom(): boolean {
    return this.#free(MAX_HOST_PACKET)
  }

  byte(byte: number): void {
    if (this.#bytes + this.#held().queuedBytes >= QUEUE_BYTES) return
    this.#bytes++
    this.#current.push(byte)
  }

  /** A packet is complete, unless the queue is full: then what came stays and grows together with the next. */
  end(): void {
    if (this.#current.length === 0 || !this.#free(0)) return
    this.#packets.push(new Uint8Array(this.#current))
    this.#current = []
  }

  /** Takes the oldest packet that can be sent; longer ones than two frames hold vanish. */
  take(): Uint8Array | undefined {
    for (;;) {
      const packet = this.#packets.shift()
      if (packet === undefined) return undefined
      this.#bytes -= packet.length
      if (packet.length <= MAX_HOST_PACKET) return packet
    }
  }

  clear(): void {
    this.#current = []
    this.#packets = []
    this.#bytes = 0
  }

  #free(bytes: number): boolean {
    const held = this.#held()
    return (
      this.#packets.length + held.queued < QUEUE_PACKETS &&
      this.#bytes + held.queuedBytes + bytes < QUEUE_BYTES
    )
  }
}
