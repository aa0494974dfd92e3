/**
 * A packet radio behind a modem: the seam between radio drivers and the radio link layer. Contract-tested by
 * every implementation. A board never opens a port; it is given a `PipeOpener`.
 */

/** LoRa modulation and channel. All of it must agree between two boards for them to hear each other. */
export interface RadioParams {
  readonly frequencyHz: number
  readonly bandwidthHz: number
  /** 5..12 */
  readonly spreadingFactor: number
  /** Denominator of the code rate 4/n: 5..8 */
  readonly codingRate: number
  readonly txPowerDbm: number
}

export interface BoardInfo {
  /** Driver name, e.g. `rnode`. */
  readonly driver: string
  /** Human-readable model and firmware, once known. */
  readonly model: string
  readonly firmware: string
  /** Largest payload of one radio frame, bytes. RNode: 254 (its own byte comes on top). */
  readonly maxPayload: number
  /** Bytes the modem itself puts on the air in front of each payload. RNode: 1. */
  readonly overheadBytes: number
  /** Preamble symbols as really sent; for time on air. */
  readonly preambleSymbols: number
}

/**
 * A frame from the air. The line between modem and host has no checksum, so one that loses bytes or restarts in mid
 * frame may deliver a damaged frame: what is above must authenticate.
 */
export interface RadioFrame {
  /** Valid only during the callback. */
  readonly payload: Uint8Array
  readonly rssiDbm: number
  readonly snrDb: number
}

/** How one transmission ended. */
export type TxResult =
  | { readonly ok: true; /** Computed or reported time on air, ms. */ readonly airtimeMs: number }
  | { readonly ok: false; readonly reason: 'board-lost' | 'timeout' | 'rejected' | 'closed' }

export type BoardState =
  | { readonly type: 'ready'; readonly info: BoardInfo }
  /** The modem is gone or being initialised again; queued transmissions have failed. The driver keeps trying. */
  | { readonly type: 'lost'; readonly reason: string }
  /** Something the operator must see, in one sentence; the board goes on. */
  | { readonly type: 'warning'; readonly message: string }
  /** It will not work until the operator changes something (firmware too old, parameters refused). Not retried. */
  | { readonly type: 'fault'; readonly code: string; readonly message: string }

export interface RadioBoard {
  /** Undefined until the modem has answered. */
  readonly info: BoardInfo | undefined
  /**
   * Opens the modem, configures it and switches the radio on; resolves when it is ready or rejects with a
   * `BoardError`. Afterwards the driver survives resets and unplugging by itself, re-applying these parameters.
   */
  configure(params: RadioParams): Promise<void>
  /**
   * Hands one frame (1..maxPayload bytes) to the modem; resolves when it has left the antenna. At most
   * `MAX_IN_MODEM` may be outstanding; the queue lives in the host.
   */
  transmit(payload: Uint8Array): Promise<TxResult>
  onReceive(sink: (frame: RadioFrame) => void): () => void
  onState(sink: (state: BoardState) => void): () => void
  /** Silences the radio and releases the port. */
  close(): Promise<void>
}

/** Frames a host may have handed to a modem at once: an RNode sends its whole queue as one burst. */
export const MAX_IN_MODEM = 3

/** A modem that cannot be used, with what the operator can do about it. */
export class BoardError extends Error {
  readonly code:
    | 'no-port'
    | 'no-answer'
    | 'wrong-device'
    | 'firmware-too-old'
    | 'refused-params'
    | 'not-provisioned'
    | 'io'
  constructor(code: BoardError['code'], message: string) {
    super(message)
    this.name = 'BoardError'
    this.code = code
  }
}
