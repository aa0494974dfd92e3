/**
 * Pseudo-terminals without a native build: posix_openpt by a direct call, woken by the event loop. The slave is a serial port
 * to whoever opens it; this end is a byte pipe that outlives its clients.
 */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { PipeError, type BytePipe, type PipeSink } from '../../firmware-proto/index.ts'
import { native, type Native, type Watch } from '../../transports/native/index.ts'

export interface Pty {
  /** The slave's device, e.g. /dev/pts/4. */
  readonly path: string
  /** This side. Closing it hangs up whoever has the slave open. */
  readonly pipe: BytePipe
}

/** Bytes waiting for a client that does not read; more are dropped, as on a UART nobody listens to. */
const MAX_QUEUED = 65_536
const HIGH_WATER = 16_384
/** A full terminal buffer is tried again after this. */
const RETRY_MS = 2
const READ_CHUNK = 65_536
/** struct termios is 60 bytes on Linux. */
const TERMIOS_BYTES = 64
const O_CLOEXEC = 0x80000

/** Opens a pseudo-terminal in raw mode; throws a `PipeError` where there is none (not Linux, no /dev/pts). */
export function openPty(): Pty {
  const direct = native()
  if (!direct.ok)
    throw new PipeError('io', `Pseudo-terminals need the C library of Linux: ${direct.got ?? direct.code}`)
  const { libc, memory } = direct.value
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants
  const master = libc.posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
  if (master < 0 || libc.grantpt(master) !== 0 || libc.unlockpt(master) !== 0)
    throw new PipeError('io', 'No pseudo-terminal can be opened: is /dev/pts mounted?')
  const path = libc.ptsname(master)
  // Held open, because a master without any slave reads EIO between two clients.
  const slave = openSync(path, O_RDWR | O_NOCTTY | O_NONBLOCK)
  const termios = memory(TERMIOS_BYTES)
  libc.tcgetattr(slave, termios.base)
  libc.cfmakeraw(termios.base)
  libc.tcsetattr(slave, 0, termios.base)
  return { path, pipe: new PtyPipe(direct.value, path, master, slave) }
}

class PtyPipe implements BytePipe {
  readonly name: string
  readonly #master: number
  readonly #slave: number
  readonly #watch: Watch
  readonly #chunk = Buffer.alloc(READ_CHUNK)
  #queue: Uint8Array[] = []
  #queued = 0
  #blocked = false
  #retry: NodeJS.Timeout | undefined
  #sink: PipeSink | undefined
  #open = true

  constructor({ watch }: Native, name: string, master: number, slave: number) {
    this.name = name
    this.#master = master
    this.#slave = slave
    this.#watch = watch(master, () => this.#read())
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#open) return false
    if (this.#queued + bytes.length <= MAX_QUEUED) {
      this.#queue.push(Uint8Array.from(bytes))
      this.#queued += bytes.length
    }
    this.#flush()
    if (this.#queued > HIGH_WATER) this.#blocked = true
    return !this.#blocked
  }

  start(sink: PipeSink): void {
    setImmediate(() => {
      if (!this.#open) return
      this.#sink = sink
      this.#read()
    })
  }

  close(): Promise<void> {
    if (this.#open) {
      this.#open = false
      clearTimeout(this.#retry)
      this.#watch.close()
      closeSync(this.#slave)
      closeSync(this.#master)
    }
    return Promise.resolve()
  }

  #read(): void {
    // Until somebody listens the bytes wait in the terminal's own buffer.
    while (this.#open && this.#sink !== undefined) {
      let length: number
      try {
        length = readSync(this.#master, this.#chunk)
      } catch (error) {
        if (!isAgain(error)) this.#fail(error)
        return
      }
      if (length === 0) return
      this.#sink.data(this.#chunk.subarray(0, length))
    }
  }

  #flush(): void {
    clearTimeout(this.#retry)
    while (this.#open) {
      const [next] = this.#queue
      if (next === undefined) break
      try {
        const written = writeSync(this.#master, next)
        this.#queued -= written
        if (written < next.length) this.#queue[0] = next.subarray(written)
        else this.#queue.shift()
      } catch (error) {
        if (isAgain(error)) this.#retry = setTimeout(() => this.#flush(), RETRY_MS).unref()
        else this.#fail(error)
        return
      }
    }
    if (this.#blocked && this.#open) {
      this.#blocked = false
      setImmediate(() => this.#sink?.drained())
    }
  }

  #fail(error: unknown): void {
    void this.close()
    this.#sink?.closed(error instanceof Error ? error.message : String(error))
  }
}

function isAgain(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EWOULDBLOCK')
  )
}
