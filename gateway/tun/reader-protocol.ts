/** What the TUN's owner and its reader thread say to each other. */

export interface ReaderSettings {
  readonly fd: number
  /** Longest packet, bytes. */
  readonly mtu: number
}

/** Reader to owner. */
export type FromReader =
  /** Packets one after the other in `bytes`; the receiver answers each batch with `done`. */
  | { readonly type: 'packets'; readonly bytes: Uint8Array<ArrayBuffer>; readonly lengths: readonly number[] }
  /** The interface is gone (deleted under us); nothing follows. */
  | { readonly type: 'gone'; readonly errno: number }

/** Owner to reader: a batch was dealt with. */
export interface ToReader {
  readonly type: 'done'
}
