/** One connection to an RNode: frames out, frames in, and questions with their answers. */
import type { Clock, Millis } from '../../core/index.ts'
import { encodeKiss, KissDeframer, type BytePipe } from '../../firmware-proto/index.ts'
import { MAX_HOST_PACKET } from './commands.ts'

export interface ModemSink {
  /** Every frame, whether somebody waits for it or not; the view is valid only during the call. */
  frame(command: number, payload: Uint8Array): void
  closed(reason: string): void
}

interface Waiter {
  readonly command: number
  readonly accepts: (payload: Uint8Array) => boolean
  readonly answer: (payload: Uint8Array | undefined) => void
}

export class RnodeModem {
  readonly name: string
  /** Bytes seen since the connection was opened: tells a silent port from a foreign device. */
  bytesSeen = 0
  /** Instant of the last write; a TCP modem hangs up after a silence. */
  lastWriteAt: Millis = 0
  readonly #pipe: BytePipe
  readonly #clock: Clock
  readonly #waiters = new Set<Waiter>()
  #closed = false

  constructor(pipe: BytePipe, clock: Clock, sink: ModemSink) {
    this.name = pipe.name
    this.#pipe = pipe
    this.#clock = clock
    const deframer = new KissDeframer(MAX_HOST_PACKET, (command, payload) => {
      for (const waiter of this.#waiters) {
        if (waiter.command === command && waiter.accepts(payload)) waiter.answer(payload.slice())
      }
      sink.frame(command, payload)
    })
    pipe.start({
      data: (bytes) => {
        this.bytesSeen += bytes.length
        if (!this.#closed) deframer.push(bytes)
      },
      drained: () => {},
      closed: (reason) => {
        if (this.#closed) return
        this.#end()
        sink.closed(reason)
      },
    })
  }

  get closed(): boolean {
    return this.#closed
  }

  /** One frame; it brings its own FEND at both ends, as the one that closes DATA does not open the next. */
  send(command: number, payload: Uint8Array | readonly number[]): void {
    this.write(encodeKiss(command, Uint8Array.from(payload)))
  }

  write(bytes: Uint8Array): void {
    this.lastWriteAt = this.#clock.now()
    this.#pipe.write(bytes)
  }

  /** The next frame of `command` that `accepts` likes; undefined when none came in time or the port went. */
  expect(
    command: number,
    timeout: Millis,
    accepts: (payload: Uint8Array) => boolean = () => true,
  ): Promise<Uint8Array | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const waiter: Waiter = {
        command,
        accepts,
        answer: (payload) => {
          this.#waiters.delete(waiter)
          cancel()
          resolve(payload)
        },
      }
      const cancel = this.#clock.after(timeout, () => waiter.answer(undefined))
      this.#waiters.add(waiter)
    })
  }

  /** Sends and waits for the answer, repeating: AVR boards lose bytes while they deliver a frame. */
  async ask(
    command: number,
    payload: Uint8Array | readonly number[],
    options: {
      readonly timeout: Millis
      readonly attempts: number
      readonly accepts?: (payload: Uint8Array) => boolean
    },
  ): Promise<Uint8Array | undefined> {
    for (let attempt = 0; attempt < options.attempts && !this.#closed; attempt++) {
      const answer = this.expect(command, options.timeout, options.accepts)
      this.send(command, payload)
      const got = await answer
      if (got !== undefined) return got
    }
    return undefined
  }

  async close(): Promise<void> {
    this.#end()
    await this.#pipe.close()
  }

  #end(): void {
    this.#closed = true
    for (const waiter of this.#waiters) waiter.answer(undefined)
  }
}
