/**
 * A model of the microcontroller leaf one meets on serial ports: it dials the one key compiled into it, begins every
 * boot with epoch 1, writes one frame at a time behind a two-byte length, believes every length it reads, doubles the
 * type byte of its reports, repeats a report until it is answered, and takes no part in tree, filters and lookups.
 */
import { randomBytes } from 'node:crypto'
import {
  decodeFrame,
  encodeHeartbeat,
  encodeLinkSenderReport,
  encodeMsg1,
  IkInitiator,
  linkMessageName,
  openFrame,
  sealFrame,
  SENDER_REPORT_TYPE,
  type Cipher,
  type Identity,
  type LinkMessageName,
  type PublicKey,
} from '../../core/index.ts'
import { u16Encode, U16_MAX_FRAME, type BytePipe } from '../../firmware-proto/index.ts'

const EPOCH = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)
const HANDSHAKE_RETRY_MS = 1000
const REPORT_MS = 200
const HEARTBEAT_MS = 10_000
/** So many frames in a row that do not open make it dial anew. */
const MAX_UNREADABLE = 20
const LENGTH_BYTES = 2

/** Believes a length as it stands; one that cannot be costs two bytes. */
export class BelievingReader {
  #buffer: Uint8Array = new Uint8Array()

  push(bytes: Uint8Array, frame: (bytes: Uint8Array) => void): void {
    this.#buffer = Uint8Array.of(...this.#buffer, ...bytes)
    while (this.#buffer.length >= LENGTH_BYTES) {
      const length = this.#buffer[0]! | (this.#buffer[1]! << 8)
      const isLength = length >= 1 && length <= U16_MAX_FRAME
      const end = isLength ? LENGTH_BYTES + length : LENGTH_BYTES
      if (this.#buffer.length < end) return
      const body = this.#buffer.slice(LENGTH_BYTES, end)
      this.#buffer = this.#buffer.slice(end)
      if (isLength) frame(body)
    }
  }
}

interface Link {
  readonly send: Cipher
  readonly receive: Cipher
  readonly theirIndex: number
  readonly startedAt: number
  counter: bigint
}

export class MicroLeaf {
  readonly identity: Identity
  /** Messages of the link since the last boot, by kind, newest last. */
  readonly received = new Map<LinkMessageName, Uint8Array[]>()
  /**
   * Frames that did not open, since the first that did after the last boot: until its first frame has arrived, those of the boot
   * before are still being spoken to.
   */
  unreadable = 0
  #unreadableInARow = 0
  readonly #gateway: PublicKey
  readonly #pipe: BytePipe
  #reader = new BelievingReader()
  #handshake: IkInitiator | undefined
  #index = 0
  #link: Link | undefined
  #timers: NodeJS.Timeout[] = []

  constructor(identity: Identity, gateway: PublicKey, pipe: BytePipe) {
    this.identity = identity
    this.#gateway = gateway
    this.#pipe = pipe
    pipe.start({
      data: (bytes) => this.#reader.push(bytes, (frame) => this.#frame(frame)),
      drained: () => {},
      closed: () => this.halt(),
    })
  }

  get isLinked(): boolean {
    return this.#link !== undefined
  }

  /** Power on, or reset: nothing of before is remembered and nobody was told. */
  boot(): void {
    this.halt()
    this.received.clear()
    this.unreadable = 0
    this.#unreadableInARow = 0
    this.#reader = new BelievingReader()
    this.#dial()
  }

  /** Power off. */
  halt(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    this.#link = undefined
    this.#handshake = undefined
  }

  /** How often a kind of message came. */
  count(name: LinkMessageName): number {
    return this.received.get(name)?.length ?? 0
  }

  #dial(): void {
    const init = { identity: this.identity, ephemeralSecret: randomBytes(32), epoch: EPOCH }
    this.#handshake = new IkInitiator(init, this.#gateway)
    this.#index = randomBytes(4).readUInt32LE()
    const msg1 = encodeMsg1(this.#index, this.#handshake.writeMsg1())
    this.#write(msg1)
    this.#every(HANDSHAKE_RETRY_MS, () => {
      if (!this.isLinked) this.#write(msg1)
    })
  }

  #up(link: Link): void {
    this.#link = link
    this.#send(encodeHeartbeat())
    this.#every(HEARTBEAT_MS, () => this.#send(encodeHeartbeat()))
    this.#every(REPORT_MS, () => {
      if (this.count('receiver-report') === 0) this.#send(this.#doubledReport(link))
    })
  }

  #doubledReport(link: Link): Uint8Array {
    const now = Date.now() - link.startedAt
    const report = encodeLinkSenderReport({
      intervalStartCounter: 0n,
      intervalEndCounter: link.counter,
      intervalStartTimestamp: 0,
      intervalEndTimestamp: now,
      intervalBytesSent: 0,
      cumulativePacketsSent: link.counter,
      cumulativeBytesSent: 0n,
    })
    return Uint8Array.of(SENDER_REPORT_TYPE, ...report)
  }

  #frame(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes)
    if (!frame.ok) return
    if (frame.value.type === 'msg2' && frame.value.receiverIndex === this.#index) {
      const done = this.#isLinkedOrIdle() ? undefined : this.#handshake?.readMsg2(frame.value.noise)
      if (done?.ok !== true) return
      const { keys } = done.value
      const { crypto } = this.identity
      this.#up({
        send: crypto.cipher(keys.send),
        receive: crypto.cipher(keys.receive),
        theirIndex: frame.value.senderIndex,
        startedAt: Date.now(),
        counter: 0n,
      })
      return
    }
    const link = this.#link
    if (frame.value.type !== 'established' || link === undefined) return
    const opened = openFrame(link.receive, frame.value)
    if (opened === undefined) {
      if (this.received.size > 0) this.unreadable += 1
      if (++this.#unreadableInARow === MAX_UNREADABLE) this.boot()
      return
    }
    this.#unreadableInARow = 0
    const name = linkMessageName(opened.message[0]!)
    if (name === undefined) return
    this.received.set(name, [...(this.received.get(name) ?? []), opened.message])
  }

  #isLinkedOrIdle(): boolean {
    return this.isLinked || this.#handshake === undefined
  }

  #send(message: Uint8Array): void {
    const link = this.#link
    if (link === undefined) return
    const flags = { keyEpoch: false, ce: false, spin: false }
    const timestamp = Date.now() - link.startedAt
    const counter = link.counter++
    this.#write(sealFrame(link.send, { receiverIndex: link.theirIndex, counter, flags, timestamp, message }))
  }

  #write(frame: Uint8Array): void {
    this.#pipe.write(u16Encode(frame))
  }

  #every(ms: number, task: () => void): void {
    this.#timers.push(setInterval(task, ms))
  }
}
