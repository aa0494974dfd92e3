/**
 * A TUN with offloads, on the main thread: the kernel hands over and takes many TCP segments in one packet. 64-bit Linux;
 * `ReaderTun` is the portable twin.
 */
import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import type { Native, NativeMemory, Watch } from '../../transports/native/index.ts'
import type { HostInterface } from './device.ts'
import { GatherOut } from './gather-out.ts'
import { removeRoutingRule } from './interface.ts'
import { SegmentMerger } from './merge.ts'
import { splitPacket, type OnPacket } from './split.ts'
import type { BatchTun } from './tun.ts'
import { VNET_HEADER } from './vnet.ts'
import { WordViews } from './word-views.ts'

const { EAGAIN, EINTR } = constants.errno

/** Reads of one wake-up; then others get their turn on the event loop. */
const MAX_READS = 16

/** The longest packet the kernel makes of segments. */
const MAX_PACKET = 65_536
/** An IPv6 packet begins on a word, as sums like it. */
const PACKET_AT = 16

export class OffloadTun implements BatchTun {
  readonly name: string
  readonly mtu: number
  readonly #interface: HostInterface
  readonly #native: Native
  readonly #in: NativeMemory
  readonly #out: GatherOut
  readonly #merger: SegmentMerger
  readonly #views = new WordViews()
  /** Of a packet that is written at once. */
  readonly #single: NativeMemory
  #watch: Watch | undefined
  #closed: Promise<void> | undefined

  constructor(native: Native, made: HostInterface) {
    this.name = made.name
    this.mtu = made.mtu
    this.#interface = made
    this.#native = native
    this.#in = native.memory(PACKET_AT + MAX_PACKET)
    this.#out = new GatherOut(native, made.fd)
    this.#merger = new SegmentMerger(this.#out)
    this.#single = native.memory(MAX_PACKET)
  }

  start(onPacket: (packet: Uint8Array) => void): void {
    this.startBatched(
      (bytes, at, length) => onPacket(bytes.subarray(at, at + length)),
      () => {},
    )
  }

  startBatched(onPacket: OnPacket, batchEnd: () => void): void {
    if (this.#watch !== undefined || this.#closed !== undefined) throw new Error('a TUN is started once')
    this.#watch = this.#native.watch(this.#interface.fd, () => {
      this.#read(onPacket)
      batchEnd()
    })
    // What keeps the program running is the node's business.
    this.#watch.unref()
  }

  write(packet: Uint8Array): boolean {
    if (this.#closed !== undefined || packet.length > MAX_PACKET) return false
    this.#merger.flush()
    const { refused } = this.#out
    this.#single.bytes.set(packet)
    this.#merger.write(this.#single, 0, packet.length)
    this.#merger.flush()
    return this.#out.refused === refused
  }

  writeAt(bytes: Uint8Array, at: number, length: number): void {
    if (this.#closed !== undefined || at < 0 || at + length > bytes.length) return
    const memory = this.#views.of(bytes)
    if (memory === undefined) this.write(bytes.subarray(at, at + length))
    else this.#merger.write(memory, at, length)
  }

  flush(): void {
    if (this.#closed === undefined) this.#merger.flush()
  }

  close(): Promise<void> {
    this.#closed ??= this.#release()
    return this.#closed
  }

  async #release(): Promise<void> {
    this.#watch?.close()
    closeSync(this.#interface.fd)
    if (this.#interface.ruleIsOurs) await removeRoutingRule()
  }

  #read(onPacket: OnPacket): void {
    const { libc } = this.#native
    const { fd, onGone } = this.#interface
    for (let reads = 0; reads < MAX_READS && this.#closed === undefined; reads++) {
      const length = libc.read(fd, this.#in.base + PACKET_AT - VNET_HEADER, VNET_HEADER + MAX_PACKET)
      if (length <= VNET_HEADER) {
        const errno = length < 0 ? libc.errno() : EAGAIN
        if (errno === EAGAIN || errno === EINTR) return
        this.#watch?.close()
        onGone?.(`The network interface ${this.name} is gone (system error ${errno}).`)
        return
      }
      splitPacket(this.#in, PACKET_AT, length - VNET_HEADER, onPacket)
    }
  }
}
