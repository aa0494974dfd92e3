/** A byte pipe over a Node stream: what serial ports and sockets have in common. */
import type { Duplex } from 'node:stream'
import type { BytePipe, PipeSink } from '../../firmware-proto/index.ts'

/** Bytes kept until `start`: a modem's banner fits, a babbling device costs no more. The oldest go first. */
const BEFORE_START_BYTES = 65_536

/**
 * One connection. The stream is read from the start, as an unplugged serial port is only noticed while somebody
 * reads. `release` ends the stream and resolves when the device is free again.
 */
export class StreamPipe implements BytePipe {
  readonly name: string
  readonly #stream: Duplex
  readonly #release: () => Promise<void>
  #sink: PipeSink | undefined
  #early: Uint8Array[] = []
  #earlyBytes = 0
  #ended: string | undefined
  #closing: Promise<void> | undefined

  constructor(name: string, stream: Duplex, release: () => Promise<void>) {
    this.name = name
    this.#stream = stream
    this.#release = release
    stream.on('data', (chunk: Uint8Array) => this.#data(chunk))
    stream.on('drain', () => {
      if (this.#closing === undefined) this.#sink?.drained()
    })
    stream.on('error', (error: Error) => this.hangUp(error.message))
    stream.on('end', () => this.hangUp('the far end hung up'))
    stream.on('close', () => this.hangUp('the device is gone'))
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ended !== undefined || this.#closing !== undefined) return false
    // The stream keeps the chunk until it is written, and the caller may reuse its buffer.
    return this.#stream.write(Uint8Array.from(bytes))
  }

  start(sink: PipeSink): void {
    setImmediate(() => {
      if (this.#closing !== undefined) return
      this.#sink = sink
      for (const chunk of this.#early.splice(0)) sink.data(chunk)
      if (this.#ended !== undefined) sink.closed(this.#ended)
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#release()
    return this.#closing
  }

  #data(chunk: Uint8Array): void {
    if (this.#closing !== undefined) return
    if (this.#sink !== undefined) {
      this.#sink.data(chunk)
      return
    }
    this.#early.push(Uint8Array.from(chunk))
    this.#earlyBytes += chunk.length
    while (this.#earlyBytes > BEFORE_START_BYTES) this.#earlyBytes -= this.#early.shift()?.length ?? 0
  }

  /** The device is known to be gone, whatever the stream thinks. */
  hangUp(reason: string): void {
    if (this.#ended !== undefined || this.#closing !== undefined) return
    this.#ended = reason
    this.#sink?.closed(reason)
  }
}
