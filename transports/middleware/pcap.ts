/**
 * Captures the frames of a transport in the classic pcap file format, link type USER0: each record is one FMP frame.
 *
 *   file header 24: magic a1b2c3d4 | major 2 (u16) | minor 4 (u16) | zone 0 | accuracy 0 | snap length | link type 147
 *   record header 16: seconds | microseconds | captured length | original length (u32 each, little-endian), then the frame
 */
import type { FrameClass, TransportAddr } from '../../core/index.ts'
import type { FrameMeta, SendResult, Transport, TransportSink } from '../transport.ts'
import { TransportWrapper } from './wrapper.ts'

/** LINKTYPE_USER0: for private use; FMP has no number of its own. */
const LINKTYPE_USER0 = 147
const MAGIC_MICROSECONDS = 0xa1b2c3d4
const SNAP_LENGTH = 65535
const FILE_HEADER = 24
const RECORD_HEADER = 16

export interface PcapOptions {
  /** Milliseconds since 1970 UTC; default the machine's. */
  readonly now?: () => number
}

/** `writer` gets the file header at once and then one whole record at a time; it keeps what it is given. */
export function withPcap(
  transport: Transport,
  writer: (bytes: Uint8Array) => void,
  options: PcapOptions = {},
): Transport {
  return new CapturedTransport(transport, writer, options.now ?? Date.now)
}

/** The 24 bytes every capture file begins with. */
export function pcapFileHeader(): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC_MICROSECONDS, true)
  view.setUint16(4, 2, true)
  view.setUint16(6, 4, true)
  view.setUint32(16, SNAP_LENGTH, true)
  view.setUint32(20, LINKTYPE_USER0, true)
  return bytes
}

/** One frame as a record. Frames beyond 65535 bytes are cut to it. */
export function pcapRecord(frame: Uint8Array, epochMs: number): Uint8Array {
  const captured = frame.subarray(0, SNAP_LENGTH)
  const bytes = new Uint8Array(RECORD_HEADER + captured.length)
  const view = new DataView(bytes.buffer)
  const micros = Math.floor(epochMs * 1000)
  view.setUint32(0, Math.floor(micros / 1e6), true)
  view.setUint32(4, micros % 1e6, true)
  view.setUint32(8, captured.length, true)
  view.setUint32(12, frame.length, true)
  bytes.set(captured, RECORD_HEADER)
  return bytes
}

class CapturedTransport extends TransportWrapper {
  readonly #writer: (bytes: Uint8Array) => void
  readonly #now: () => number

  constructor(inner: Transport, writer: (bytes: Uint8Array) => void, now: () => number) {
    super(inner)
    this.#writer = writer
    this.#now = now
    writer(pcapFileHeader())
  }

  override send(to: TransportAddr, frame: Uint8Array, frameClass: FrameClass): SendResult {
    const result = this.inner.send(to, frame, frameClass)
    if (result === 'sent' || result === 'queued') this.#writer(pcapRecord(frame, this.#now()))
    return result
  }

  protected override received(
    sink: TransportSink,
    from: TransportAddr,
    frame: Uint8Array,
    meta: FrameMeta | undefined,
  ): void {
    this.#writer(pcapRecord(frame, this.#now()))
    sink.frame(from, frame, meta)
  }
}
