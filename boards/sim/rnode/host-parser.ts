/**
 * How RNode firmware reads its serial line, byte by byte: a command runs when its last payload byte arrives, not at
 * the closing FEND; one-byte commands run again for each further byte; and the FEND that closes DATA does not open
 * the next frame, so `C0 00 .. C0 08 73 C0` loses its DETECT.
 */
import { FEND, FESC, TFEND, TFESC } from '../../../firmware-proto/index.ts'
import { COMMAND, MAX_HOST_PACKET } from '../../rnode/commands.ts'

/** Payload length of commands that take more than one byte. */
const LONG_COMMANDS: ReadonlyMap<number, number> = new Map([
  [COMMAND.frequency, 4],
  [COMMAND.bandwidth, 4],
  [COMMAND.shortTermLock, 2],
  [COMMAND.longTermLock, 2],
])

export interface HostParserSink {
  command(command: number, payload: Uint8Array): void
  /** One byte of a DATA frame, unescaped. */
  dataByte(byte: number): void
  /** The FEND after DATA. */
  dataEnd(): void
}

export class HostParser {
  readonly #sink: HostParserSink
  #inFrame = false
  #command: number | undefined
  #escaped = false
  readonly #payload: number[] = []

  constructor(sink: HostParserSink) {
    this.#sink = sink
  }

  reset(): void {
    this.#inFrame = false
    this.#command = undefined
    this.#escaped = false
    this.#payload.length = 0
  }

  byte(byte: number): void {
    if (byte === FEND) {
      const data = this.#inFrame && this.#command === COMMAND.data
      this.reset()
      this.#inFrame = !data
      if (data) this.#sink.dataEnd()
      return
    }
    if (!this.#inFrame) return
    if (this.#command === undefined) {
      this.#command = byte
      return
    }
    const value = this.#unescape(byte)
    if (value === undefined) return
    if (this.#command === COMMAND.data) {
      this.#sink.dataByte(value)
      return
    }
    const wanted = LONG_COMMANDS.get(this.#command) ?? 1
    // A frame that never ends is read to the firmware's bound and no further.
    if (this.#payload.length >= MAX_HOST_PACKET) return
    this.#payload.push(value)
    if (this.#payload.length === wanted) {
      this.#sink.command(this.#command, new Uint8Array(this.#payload))
      if (wanted === 1) this.#payload.length = 0
    }
  }

  #unescape(byte: number): number | undefined {
    if (byte === FESC && !this.#escaped) {
      this.#escaped = true
      return undefined
    }
    const escaped = this.#escaped
    this.#escaped = false
    if (!escaped) return byte
    if (byte === TFEND) return FEND
    return byte === TFESC ? FESC : byte
  }
}
