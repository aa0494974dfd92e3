import type { FrameClass, LinkProfile, Millis, TransportAddr, TransportKind } from '../core/index.ts'

/**
 * A medium that carries whole FMP frames between addresses of its own. Every implementation passes the same
 * contract suite; `memory` is the fake to test against.
 */
export interface Transport {
  readonly kind: TransportKind
  /** Largest frame `send` accepts, bytes. Fixed once `open` has resolved. */
  readonly mtu: number
  readonly profile: LinkProfile
  /** Frames arrive at most once, in order, or the transport reports the address lost. */
  readonly reliable: boolean
  /** Where it listens, for `show_transports`. */
  readonly localAddr: string
  /** Binds the medium. Rejects with a `TransportError`; may be called once. */
  open(sink: TransportSink): Promise<void>
  /** Never throws, never blocks. The frame is copied when it cannot be sent at once. */
  send(to: TransportAddr, frame: Uint8Array, frameClass: FrameClass): SendResult
  readonly stats: TransportStats
  /** Stops and releases the medium; no callback follows its resolution. */
  close(): Promise<void>
}

/** A transport that moves frames in batches, to and from memory that stays where it is. */
export interface BatchTransport extends Transport {
  /** Takes `length` bytes of `slab` from `at`, which must stay as they are until `flush`. Never throws. */
  queue(to: TransportAddr, slab: Uint8Array, at: number, length: number): SendResult
  /** Sends what is queued. */
  flush(): void
}

export function isBatchTransport(transport: Transport): transport is BatchTransport {
  return 'queue' in transport
}

export interface TransportSink {
  /** One whole frame; the view is valid only during the call. */
  frame(from: TransportAddr, frame: Uint8Array, meta?: FrameMeta): void
  /** The medium went down or came back (a radio unplugged, a port replugged). Initially up. */
  state(up: boolean, reason: string): void
  /** The same for a transport that works in batches: the frame is `length` bytes of `bytes` from `at`, during the call. */
  frameAt?(from: TransportAddr, bytes: Uint8Array, at: number, length: number): void
  /** The frames of one batch have been handed over: what they led to can leave. */
  batchEnd?(): void
  /** A station announced itself on a broadcast medium. */
  station?(addr: TransportAddr, publicKey: Uint8Array): void
  /**
   * Only from media that confirm what they carry: the neighbour has a frame that `send` took. The view is valid only
   * during the call. A medium that confirms calls this or `lost` once for every frame it took, except for one that a
   * newer frame made obsolete while it waited, or that was on its way when the medium went down.
   */
  delivered?(to: TransportAddr, frame: Uint8Array): void
  /** Likewise: the medium has done what it could for the frame and gives up. Sending it again at once makes it worse. */
  lost?(to: TransportAddr, frame: Uint8Array): void
  /** Only from media with connections: the one to this address ended. A frame sent there makes a new one where that is possible. */
  gone?(addr: TransportAddr, reason: string): void
  /** What the operator should know of, in one sentence. */
  notice?(level: 'info' | 'warn', message: string): void
}

/** What a medium knows about a received frame. */
export interface FrameMeta {
  readonly rssiDbm?: number
  readonly snrDb?: number
}

export type SendResult = 'sent' | 'queued' | 'full' | 'too-large' | 'down' | 'no-route'

/** Counters of the reference's `show_transports`, plus refusals by reason. */
export interface TransportStats {
  packetsSent: number
  bytesSent: number
  packetsRecv: number
  bytesRecv: number
  sendErrors: number
  recvErrors: number
  mtuExceeded: number
  /** Frames dropped below FMP, by reason (`crc`, `oversize`, `no-buffer`, ...). */
  readonly drops: Record<string, number>
  /** Of media with connections. */
  readonly connections?: ConnectionStats
}

/** Counters of the reference's `show_transports` for media with connections. */
export interface ConnectionStats {
  /** Dialled by this end and answered. */
  established: number
  accepted: number
  /** Refused because the most allowed were there. */
  rejected: number
  connectTimeouts: number
  connectRefused: number
  /** At this moment. */
  inbound: number
  outbound: number
}

/** A medium that could not be opened, in one sentence that says what to do. */
export class TransportError extends Error {
  readonly code: 'address-in-use' | 'no-permission' | 'not-found' | 'bad-config' | 'io'
  /** `options.cause` may carry the error of the device behind the medium. */
  constructor(code: TransportError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TransportError'
    this.code = code
  }
}

/** Fresh counters, all zero. */
export function emptyStats(): TransportStats {
  return {
    packetsSent: 0,
    bytesSent: 0,
    packetsRecv: 0,
    bytesRecv: 0,
    sendErrors: 0,
    recvErrors: 0,
    mtuExceeded: 0,
    drops: {},
  }
}

/** How long a transport may take to open or close before it is given up. */
export const OPEN_TIMEOUT: Millis = 10_000
