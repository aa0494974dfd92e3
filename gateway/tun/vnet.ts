/**
 * The header before every packet of a TUN with offloads, in the machine's byte order (struct virtio_net_hdr):
 *
 *   flags 1 | GSO type 1 | header length 2 | segment size 2 | checksum start 2 | checksum offset 2
 */
export const VNET_HEADER = 10

const GSO_TYPE_AT = 1
const HEADER_LENGTH_AT = 2
const SEGMENT_SIZE_AT = 4
const CHECKSUM_START_AT = 6
const CHECKSUM_OFFSET_AT = 8

const NEEDS_CHECKSUM = 0x01

export const GSO = { none: 0, tcp6: 4, udp: 5 } as const
/** Beside the type: CWR is for the first segment only. */
const GSO_ECN = 0x80

export interface VnetHeader {
  /** The checksum field holds the sum of the pseudo header alone. */
  readonly needsChecksum: boolean
  readonly gsoType: number
  /** Payload bytes of each segment but the last. */
  readonly segmentSize: number
  /** From the start of the packet to the transport header. */
  readonly checksumStart: number
  /** From there to the checksum. */
  readonly checksumOffset: number
}

export function readVnetHeader(bytes: Uint8Array, at: number): VnetHeader {
  const u16 = (offset: number): number => bytes[at + offset]! | (bytes[at + offset + 1]! << 8)
  return {
    needsChecksum: (bytes[at]! & NEEDS_CHECKSUM) !== 0,
    gsoType: bytes[at + GSO_TYPE_AT]! & ~GSO_ECN,
    segmentSize: u16(SEGMENT_SIZE_AT),
    checksumStart: u16(CHECKSUM_START_AT),
    checksumOffset: u16(CHECKSUM_OFFSET_AT),
  }
}

/** Of a packet that is as it should be. */
export function writePlainVnetHeader(bytes: Uint8Array, at: number): void {
  bytes.fill(0, at, at + VNET_HEADER)
}

/** Of TCP segments in one: all headers together are `headerLength` bytes. */
export function writeTcpVnetHeader(
  bytes: Uint8Array,
  at: number,
  headerLength: number,
  segmentSize: number,
  checksumStart: number,
  checksumOffset: number,
): void {
  const u16 = (offset: number, value: number): void => {
    bytes[at + offset] = value
    bytes[at + offset + 1] = value >>> 8
  }
  bytes[at] = NEEDS_CHECKSUM
  bytes[at + GSO_TYPE_AT] = GSO.tcp6
  u16(HEADER_LENGTH_AT, headerLength)
  u16(SEGMENT_SIZE_AT, segmentSize)
  u16(CHECKSUM_START_AT, checksumStart)
  u16(CHECKSUM_OFFSET_AT, checksumOffset)
}
