/**
 * One TCP connection: a stream of FMP frames without anything between them, each cut by the length in its prefix.
 * A connection ends for one reason, told once; whoever owns it decides what that means.
 */
import type { Socket } from 'node:net'
import { StreamFramer, type Clock, type FrameClass, type Millis } from '../../core/index.ts'

/**
 * Bytes that wait for the network above those the kernel holds. Frames come late rather than never on a stream, so more
 * would only be delay: this is 0.2 s at 10 Mbit/s.
 */
const MAX_WAITING_BYTES: number = 256 * 1024
/** What keeps links and tree alive may wait on top of the data that filled the queue. */
const MAX_WAITING_CONTROL_BYTES: number = 2 * MAX_WAITING_BYTES
/** For the last frames to leave when this end closes. */
const CLOSE_TIMEOUT: Millis = 500

export interface ConnectionOptions {
  readonly clock: Clock
  readonly mtu: number
  readonly connectTimeoutMs: Millis
  readonly silenceLimitMs: Millis
}

export interface ConnectionEvents {
  /** The three-way handshake is done; for an accepted connection it was before. */
  connected(): void
  frame(frame: Uint8Array): void
  /** Nothing follows. */
  ended(reason: EndReason): void
}

/** Why a connection is over. The first three are the end of a dial; `out-of-step` carries the framer's code. */
export type EndReason =
  | 'connect-timeout'
  | 'connect-refused'
  | 'connect-unreachable'
  | 'closed'
  | 'reset'
  | 'silent'
  | `out-of-step-${string}`

export class TcpConnection {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #events: ConnectionEvents
  readonly #framer: StreamFramer
  readonly #release: Promise<void>
  #isConnected: boolean
  #isOver = false
  #isCorked = false
  #heardAt: Millis
  #cancelTimer: () => void

  constructor(socket: Socket, isInbound: boolean, options: ConnectionOptions, events: ConnectionEvents) {
    this.#socket = socket
    this.#options = options
    this.#events = events
    this.#framer = new StreamFramer(options.mtu)
    this.#isConnected = isInbound
    this.#heardAt = options.clock.now()
    this.#cancelTimer = isInbound
      ? this.#watchSilence(options.silenceLimitMs)
      : options.clock.after(options.connectTimeoutMs, () => this.#end('connect-timeout'))
    this.#release = new Promise((resolve) => {
      socket.once('close', () => resolve())
    })
    socket.once('connect', () => this.#connected())
    socket.on('data', (chunk) => this.#received(chunk))
    socket.once('end', () => this.#end('closed'))
    socket.once('error', (error) => this.#end(reasonOf(error, this.#isConnected)))
    socket.once('close', () => this.#end('closed'))
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  /** False when the queue is full. The frame is copied. */
  send(frame: Uint8Array, frameClass: FrameClass): boolean {
    const isData = frameClass === 'bulk' || frameClass === 'interactive'
    const limit = isData ? MAX_WAITING_BYTES : MAX_WAITING_CONTROL_BYTES
    if (this.#isOver || this.#socket.writableLength + frame.length > limit) return false
    this.#cork()
    this.#socket.write(Uint8Array.from(frame))
    return true
  }

  /** Ends it without a word to the owner. Resolves when the socket is released. */
  close(): Promise<void> {
    this.#isOver = true
    this.#cancelTimer()
    if (!this.#isConnected) this.#socket.destroy()
    if (this.#socket.destroyed) return this.#release
    // What was just written (a goodbye) still leaves; what the other side does not take is dropped.
    this.#socket.uncork()
    this.#socket.destroySoon()
    const cancel = this.#options.clock.after(CLOSE_TIMEOUT, () => this.#socket.destroy())
    return this.#release.then(cancel)
  }

  #connected(): void {
    if (this.#isOver) return
    this.#isConnected = true
    this.#heardAt = this.#options.clock.now()
    this.#cancelTimer()
    this.#cancelTimer = this.#watchSilence(this.#options.silenceLimitMs)
    this.#events.connected()
  }

  #received(chunk: Uint8Array): void {
    if (this.#isOver) return
    this.#heardAt = this.#options.clock.now()
    const { frames, rejected } = this.#framer.push(chunk)
    for (const frame of frames) {
      this.#events.frame(frame)
      if (this.#isClosed()) return
    }
    if (rejected !== undefined) this.#end(`out-of-step-${rejected.code}`)
  }

  /** Frames of one turn leave in one write. */
  #cork(): void {
    if (this.#isCorked) return
    this.#isCorked = true
    this.#socket.cork()
    process.nextTick(() => {
      this.#isCorked = false
      this.#socket.uncork()
    })
  }

  #watchSilence(delay: Millis): () => void {
    const { clock, silenceLimitMs } = this.#options
    return clock.after(delay, () => {
      const rest = this.#heardAt + silenceLimitMs - clock.now()
      if (rest <= 0) this.#end('silent')
      else this.#cancelTimer = this.#watchSilence(rest)
    })
  }

  #end(reason: EndReason): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelTimer()
    this.#socket.destroy()
    this.#events.ended(reason)
  }

  #isClosed(): boolean {
    return this.#isOver
  }
}

function reasonOf(error: Error, wasConnected: boolean): EndReason {
  if (wasConnected) return 'reset'
  return 'code' in error && error.code === 'ECONNREFUSED' ? 'connect-refused' : 'connect-unreachable'
}
