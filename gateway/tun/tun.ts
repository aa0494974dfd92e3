/** The seam between the node and an IPv6 host: the kernel's through a TUN, or one in this process. */

export interface Tun {
  /** Interface name, for the log and `show_status`. */
  readonly name: string
  /** Largest IPv6 packet either way, bytes. */
  readonly mtu: number
  /** Sets the one receiver of the host's packets; called once. The view is valid only during the call and may be written to. */
  start(onPacket: (packet: Uint8Array) => void): void
  /** Gives the host a packet; false when the host did not take it. The packet is the caller's again on return. */
  write(packet: Uint8Array): boolean
  /** Releases the interface; no packet follows its resolution. Idempotent. */
  close(): Promise<void>
}

/** One that moves packets in batches, to and from memory that stays where it is. */
export interface BatchTun extends Tun {
  /** As `start`; a packet is `length` bytes of `bytes` from `at`, during the call, and `batchEnd` follows the last one of a batch. */
  startBatched(onPacket: (bytes: Uint8Array, at: number, length: number) => void, batchEnd: () => void): void
  /** Gives the host a packet, which must stay as it is until `flush`. */
  writeAt(bytes: Uint8Array, at: number, length: number): void
  flush(): void
}

export function isBatchTun(tun: Tun): tun is BatchTun {
  return 'startBatched' in tun
}
