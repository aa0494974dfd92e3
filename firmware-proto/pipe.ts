/**
 * A reliable, ordered byte stream to one device: a serial port, a TCP socket, an in-process pair, a pty.
 * One `BytePipe` is one connection and is never reopened; what reconnects holds a `PipeOpener`.
 */
export interface BytePipe {
  /** For logs: the port's path or `host:port`. */
  readonly name: string
  /**
   * Queues bytes in order. False when the queue has passed its high-water mark: the caller should wait for
   * `drained` (nothing was dropped). Writing to a closed pipe is a no-op that returns false.
   */
  write(bytes: Uint8Array): boolean
  /** Sets the one receiver. Bytes that arrived before are delivered first. Callbacks are never synchronous with this call. */
  start(sink: PipeSink): void
  /** Drops what is queued and resolves when the device is released. Idempotent; `closed` is not called for it. */
  close(): Promise<void>
}

export interface PipeSink {
  /** A chunk of any size ≥ 1; the view is valid only during the call. */
  data(bytes: Uint8Array): void
  /** The queue fell below its low-water mark after a `write` returned false. */
  drained(): void
  /** The far end went away (unplugged, hung up, I/O error). Called at most once, nothing follows. */
  closed(reason: string): void
}

/** Opens a fresh connection to the same device; rejects with a `PipeError` when it is not there. */
export type PipeOpener = () => Promise<BytePipe>

/** Why a device could not be opened. */
export class PipeError extends Error {
  readonly code: 'not-found' | 'busy' | 'no-permission' | 'io'
  constructor(code: PipeError['code'], message: string) {
    super(message)
    this.name = 'PipeError'
    this.code = code
  }
}
