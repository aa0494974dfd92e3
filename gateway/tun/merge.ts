/**
 * TCP segments that follow each other become one packet for an interface with offloads, which then goes through the host's
 * network stack once. Everything else goes alone, in order. The payloads stay where they are until the writer has them.
 *
 * A segment joins when it continues the one before it and differs in nothing but what a sender's own segmentation would have made
 * differ: length, sequence, checksum, PSH. A shorter one, or one with PSH, is the last of its packet. Its checksum is verified
 * first, for the host takes a merged packet's word for it.
 */
import { IPV6_HEADER, NEXT_HEADER_AT, NEXT_TCP, PAYLOAD_LENGTH_AT, SOURCE_AT } from '../ipv6/index.ts'
import { folded, networkOrder, sumOf, type WordMemory } from './sums.ts'
import { VNET_HEADER, writePlainVnetHeader, writeTcpVnetHeader } from './vnet.ts'

/** Where packets leave: a head that is filled in, and pieces of memory behind it. */
export interface GatherWriter {
  readonly head: WordMemory
  /** Pieces that fit one packet. */
  readonly maxPieces: number
  piece(bytes: Uint8Array, at: number, length: number): void
  /** Lets the packet go: `length` bytes of the head from `HEAD_AT`, and the pieces. */
  send(length: number): void
}

/** The vnet header of a packet begins here in the head, so that what follows it is on a word. */
export const HEAD_AT = 2
const HEAD_PACKET_AT: number = HEAD_AT + VNET_HEADER
/** Of TCP, with all options. */
const MAX_HEADERS: number = IPV6_HEADER + 60
export const HEAD_BYTES: number = HEAD_PACKET_AT + MAX_HEADERS

const SEQUENCE_AT: number = IPV6_HEADER + 4
const ACKNOWLEDGEMENT_AT: number = IPV6_HEADER + 8
const DATA_OFFSET_AT: number = IPV6_HEADER + 12
const FLAGS_AT: number = IPV6_HEADER + 13
const WINDOW_AT: number = IPV6_HEADER + 14
const CHECKSUM_AT: number = IPV6_HEADER + 16
const CHECKSUM_OFFSET = 16
const URGENT_AT: number = IPV6_HEADER + 18
const MIN_HEADERS: number = IPV6_HEADER + 20

const FLAG_PUSH = 0x08
const FLAG_ACK = 0x10
/** FIN, SYN, RST, URG and CWR: a segment with one of them is not like its neighbours. */
const SPECIAL_FLAGS = 0xa7

const MAX_PAYLOAD = 65_000
const CORRECT = 0xffff

/** What has been joined and has not left. */
interface Run {
  readonly memory: WordMemory
  /** The first segment. */
  readonly at: number
  readonly headers: number
  readonly segmentSize: number
  payload: number
  pieces: number
  nextSequence: number
  hasPush: boolean
  isComplete: boolean
}

export class SegmentMerger {
  readonly #writer: GatherWriter
  #run: Run | undefined

  constructor(writer: GatherWriter) {
    this.#writer = writer
  }

  /** An IPv6 packet of `length` bytes from `at`, to stay as it is until `flush`. */
  write(memory: WordMemory, at: number, length: number): void {
    if (this.#joins(memory, at, length)) return
    this.flush()
    const headers = headersOf(memory, at, length)
    if (headers === 0) {
      this.#alone(memory, at, length)
      return
    }
    const { bytes } = memory
    const payload = length - headers
    const hasPush = (bytes[at + FLAGS_AT]! & FLAG_PUSH) !== 0
    this.#run = {
      memory,
      at,
      headers,
      segmentSize: payload,
      payload,
      pieces: 1,
      nextSequence: sequenceAfter(bytes, at, payload),
      hasPush,
      isComplete: hasPush,
    }
    this.#writer.piece(bytes, at + headers, payload)
  }

  /** Lets what was joined leave. */
  flush(): void {
    const run = this.#run
    if (run === undefined) return
    this.#run = undefined
    const { bytes } = this.#writer.head
    bytes.set(run.memory.bytes.subarray(run.at, run.at + run.headers), HEAD_PACKET_AT)
    if (run.pieces === 1) writePlainVnetHeader(bytes, HEAD_AT)
    else this.#writeJoinedHead(run)
    this.#writer.send(VNET_HEADER + run.headers)
  }

  #joins(memory: WordMemory, at: number, length: number): boolean {
    const run = this.#run
    if (run === undefined || run.isComplete || run.pieces >= this.#writer.maxPieces) return false
    const { bytes } = memory
    const payload = length - run.headers
    if (payload <= 0 || payload > run.segmentSize || run.payload + payload > MAX_PAYLOAD) return false
    if (readU32(bytes, at + SEQUENCE_AT) !== run.nextSequence) return false
    if (!isAlike(run, bytes, at) || headersOf(memory, at, length) !== run.headers) return false
    run.payload += payload
    run.pieces++
    run.nextSequence = sequenceAfter(bytes, at, payload)
    run.hasPush = (bytes[at + FLAGS_AT]! & FLAG_PUSH) !== 0
    run.isComplete = run.hasPush || payload < run.segmentSize
    this.#writer.piece(bytes, at + run.headers, payload)
    return true
  }

  #alone({ bytes }: WordMemory, at: number, length: number): void {
    writePlainVnetHeader(this.#writer.head.bytes, HEAD_AT)
    this.#writer.piece(bytes, at, length)
    this.#writer.send(VNET_HEADER)
  }

  /** The checksum field of a packet that is to be segmented holds the sum of the pseudo header. */
  #writeJoinedHead({ headers, segmentSize, payload, hasPush }: Run): void {
    const { head } = this.#writer
    const { bytes } = head
    const upper = headers - IPV6_HEADER + payload
    writeTcpVnetHeader(bytes, HEAD_AT, headers, segmentSize, IPV6_HEADER, CHECKSUM_OFFSET)
    bytes[HEAD_PACKET_AT + PAYLOAD_LENGTH_AT] = upper >>> 8
    bytes[HEAD_PACKET_AT + PAYLOAD_LENGTH_AT + 1] = upper
    if (hasPush) bytes[HEAD_PACKET_AT + FLAGS_AT]! |= FLAG_PUSH
    const sum = folded(pseudoSum(head, HEAD_PACKET_AT, upper))
    bytes[HEAD_PACKET_AT + CHECKSUM_AT] = sum
    bytes[HEAD_PACKET_AT + CHECKSUM_AT + 1] = sum >>> 8
  }
}

/** Bytes of all headers of a data segment with a correct checksum that may be joined with others; 0 for anything else. */
function headersOf(memory: WordMemory, at: number, length: number): number {
  const { bytes } = memory
  if (length <= MIN_HEADERS || bytes[at + NEXT_HEADER_AT] !== NEXT_TCP) return 0
  const flags = bytes[at + FLAGS_AT]!
  const headers = IPV6_HEADER + (bytes[at + DATA_OFFSET_AT]! >>> 4) * 4
  if ((flags & SPECIAL_FLAGS) !== 0 || (flags & FLAG_ACK) === 0) return 0
  if (headers < MIN_HEADERS || headers >= length) return 0
  const upper = length - IPV6_HEADER
  const sum = pseudoSum(memory, at, upper) + sumOf(memory, at + IPV6_HEADER, upper)
  return folded(sum) === CORRECT ? headers : 0
}

function pseudoSum(memory: WordMemory, at: number, upper: number): number {
  return sumOf(memory, at + SOURCE_AT, IPV6_HEADER - SOURCE_AT) + networkOrder(NEXT_TCP) + networkOrder(upper)
}

/** Whether all that segments of one packet have in common is the same. */
function isAlike({ memory, at: first, headers }: Run, bytes: Uint8Array, at: number): boolean {
  const known = memory.bytes
  const flagsDiffer = (known[first + FLAGS_AT]! ^ bytes[at + FLAGS_AT]!) & ~FLAG_PUSH
  return (
    flagsDiffer === 0 &&
    isSame(known, first, bytes, at, 0, PAYLOAD_LENGTH_AT) &&
    isSame(known, first, bytes, at, NEXT_HEADER_AT, SEQUENCE_AT) &&
    isSame(known, first, bytes, at, ACKNOWLEDGEMENT_AT, FLAGS_AT) &&
    isSame(known, first, bytes, at, WINDOW_AT, CHECKSUM_AT) &&
    isSame(known, first, bytes, at, URGENT_AT, headers)
  )
}

function isSame(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (a[aAt + i] !== b[bAt + i]) return false
  return true
}

function sequenceAfter(bytes: Uint8Array, at: number, payload: number): number {
  return (readU32(bytes, at + SEQUENCE_AT) + payload) >>> 0
}

function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
