/**
 * Runs a sans-IO node in real time: hands it what happens, does what it says, and wakes it at its deadline. The only
 * place where the node, the clock and the media meet.
 */
import type { PublicKey } from '../identity/index.ts'
import type { TransportAddr, TransportId } from '../link.ts'
import type { Clock, Millis } from '../time.ts'
import type { NodeEvent, NodeInput, NodeOutput, SansIoNode, UndeliverableReason } from './api.ts'

export type SendOutput = Extract<NodeOutput, { type: 'send' }>
export type DatagramOutput = Extract<NodeOutput, { type: 'datagram' }>

/** Where the effects of a node go. None may throw. */
export interface DriverSinks {
  send(output: SendOutput): void
  /** An IPv6 packet for this host. */
  packet(packet: Uint8Array, from: PublicKey): void
  undeliverable(packet: Uint8Array, reason: UndeliverableReason, mtu: number | undefined): void
  datagram(output: DatagramOutput): void
  event(event: NodeEvent): void
}

export class Driver {
  readonly #node: SansIoNode
  readonly #clock: Clock
  readonly #sinks: DriverSinks
  /** Inputs that came while a step was being performed; they run after it, in order. As many as its effects cause. */
  readonly #waiting: NodeInput[] = []
  #isStepping = false
  #timer: { readonly at: Millis; readonly cancel: () => void } | undefined
  /** The instant of the batch under way: its frames came together. */
  #batchAt: Millis | undefined
  #isStopped = false

  constructor(node: SansIoNode, clock: Clock, sinks: DriverSinks) {
    this.#node = node
    this.#clock = clock
    this.#sinks = sinks
  }

  /** Gives the node an input and performs what follows. An input from inside an effect waits until the effects are done. */
  step(input: NodeInput): void {
    if (this.#isStopped) return
    if (this.#isStepping) {
      this.#waiting.push(kept(input))
      return
    }
    this.#isStepping = true
    try {
      for (const output of this.#node.step(input, this.#clock.now())) this.#perform(output)
      this.#takeWaiting()
    } finally {
      this.#isStepping = false
    }
    this.#arm()
  }

  /** A frame of a batch, by offsets; the bytes are only read, and only during the call. `settle` ends the batch. */
  frameAt(
    transportId: TransportId,
    from: TransportAddr,
    bytes: Uint8Array,
    at: number,
    length: number,
  ): void {
    if (this.#isStopped) return
    if (this.#isStepping)
      this.step({ type: 'frame', transportId, from, frame: bytes.subarray(at, at + length) })
    else this.#afterwards(this.#node.frameAt(transportId, from, bytes, at, length, this.#batchNow()))
  }

  /** A packet of the host likewise. */
  packetAt(bytes: Uint8Array, at: number, length: number): void {
    if (this.#isStopped) return
    if (this.#isStepping) this.step({ type: 'packet', packet: bytes.subarray(at, at + length) })
    else this.#afterwards(this.#node.packetAt(bytes, at, length, this.#batchNow()))
  }

  /** The batch is over. */
  settle(): void {
    if (this.#batchAt === undefined || this.#isStepping) return
    this.#batchAt = undefined
    this.#arm()
  }

  /** Says goodbye to every peer; nothing is done afterwards. */
  stop(): void {
    this.step({ type: 'shutdown' })
    this.#isStopped = true
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #batchNow(): Millis {
    this.#batchAt ??= this.#clock.now()
    return this.#batchAt
  }

  /** Performs what a frame led to besides traffic, and what these effects led to. */
  #afterwards(outputs: readonly NodeOutput[]): void {
    if (outputs.length === 0) return
    this.#isStepping = true
    try {
      for (const output of outputs) this.#perform(output)
      this.#takeWaiting()
    } finally {
      this.#isStepping = false
    }
  }

  #takeWaiting(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      for (const output of this.#node.step(next, this.#clock.now())) this.#perform(output)
  }

  #perform(output: NodeOutput): void {
    switch (output.type) {
      case 'send':
        this.#sinks.send(output)
        break
      case 'packet':
        this.#sinks.packet(output.packet, output.from)
        break
      case 'undeliverable':
        this.#sinks.undeliverable(output.packet, output.reason, output.mtu)
        break
      case 'datagram':
        this.#sinks.datagram(output)
        break
      case 'event':
        this.#sinks.event(output.event)
        break
    }
  }

  #arm(): void {
    const at = this.#node.deadline()
    if (at === this.#timer?.at) return
    this.#timer?.cancel()
    this.#timer = undefined
    if (at === undefined || at === Number.POSITIVE_INFINITY) return
    const cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => {
      this.#timer = undefined
      this.step({ type: 'tick' })
    })
    this.#timer = { at, cancel }
  }
}

/** A frame's bytes are a view that is valid only during the call; what waits needs its own (`slice` of a Buffer is none). */
function kept(input: NodeInput): NodeInput {
  switch (input.type) {
    case 'frame':
    case 'frame-delivered':
    case 'frame-lost':
      return { ...input, frame: Uint8Array.from(input.frame) }
    case 'packet':
      return { ...input, packet: Uint8Array.from(input.packet) }
    default:
      return input
  }
}
