/**
 * Frames of the link protocol (FMP, wire version 0). Every frame starts with a common prefix:
 *
 *   version 4 bits (high) | phase 4 bits (low) | flags 1 | payload length LE16
 *
 * The payload length counts what follows the header of the phase, without the AEAD tag, and must agree with the
 * frame: peers drop any mismatch, and byte streams are cut by it.
 */
import { ByteReader, putU16, putU32, putU64, u32At, u64At } from '../bytes.ts'
import { TAG_SIZE, type Cipher } from '../crypto/index.ts'
import { IK_MSG1_SIZE, IK_MSG2_SIZE } from '../noise/index.ts'
import { accept, reject, type Result } from '../result.ts'

/** The wire version this codec writes. */
export const FMP_VERSION = 0

export const PREFIX_SIZE = 4
/** All of it is associated data of the AEAD. */
export const ESTABLISHED_HEADER_SIZE = 16
const INDEX_SIZE = 4
const TIMESTAMP_SIZE = 4
/** The first byte of a link message. Counters of messages leave it out. */
export const MESSAGE_TYPE_SIZE = 1

/** msg1 with its sender index. */
export const MSG1_FRAME_SIZE: number = PREFIX_SIZE + INDEX_SIZE + IK_MSG1_SIZE
/** msg2 with both indices. */
export const MSG2_FRAME_SIZE: number = PREFIX_SIZE + 2 * INDEX_SIZE + IK_MSG2_SIZE
/** An established frame with nothing sealed in it. */
export const ESTABLISHED_MIN_SIZE: number = ESTABLISHED_HEADER_SIZE + TAG_SIZE
/** What an established frame adds to a message (type byte and body). */
export const LINK_OVERHEAD: number = ESTABLISHED_HEADER_SIZE + TIMESTAMP_SIZE + TAG_SIZE

const PHASE_ESTABLISHED = 0x0
const PHASE_MSG1 = 0x1
const PHASE_MSG2 = 0x2

const FLAG_KEY_EPOCH = 0x01
const FLAG_CE = 0x02
const FLAG_SPIN = 0x04

const MAX_PAYLOAD = 0xffff

/** Flags of an established frame. Reserved bits are authenticated but not looked at. */
export interface FrameFlags {
  /** Which of two key generations sealed the frame: flips with every rekey. */
  readonly keyEpoch: boolean
  /** Congestion experienced on the way of this message. */
  readonly ce: boolean
  /** For measuring round trips. */
  readonly spin: boolean
}

/** An established frame, not yet opened. `header` and `sealed` are views of the input. */
export interface EstablishedFrame {
  readonly type: 'established'
  readonly flags: FrameFlags
  /** Names the receiver's session. */
  readonly receiverIndex: number
  readonly counter: bigint
  readonly header: Uint8Array
  readonly sealed: Uint8Array
}

/** First frame of a handshake. `noise` is a view of the input, IK_MSG1_SIZE bytes. */
export interface Msg1Frame {
  readonly type: 'msg1'
  /** The index under which the initiator wants to be addressed. */
  readonly senderIndex: number
  readonly noise: Uint8Array
}

/** Its answer. `noise` is a view of the input, IK_MSG2_SIZE bytes. */
export interface Msg2Frame {
  readonly type: 'msg2'
  readonly senderIndex: number
  /** The initiator's index, echoed. */
  readonly receiverIndex: number
  readonly noise: Uint8Array
}

export type FmpFrame = EstablishedFrame | Msg1Frame | Msg2Frame

/** Why a frame was refused. `unknown-phase` is no fault of the sender: a later protocol may use it. */
export type FrameRejection =
  'too-short' | 'wrong-length' | 'unknown-version' | 'unknown-phase' | 'reserved-flags'

/** The one place that knows the wire versions: a later one adds its decoder here. */
const FRAME_DECODERS: Readonly<Record<number, (bytes: Uint8Array) => Result<FmpFrame, FrameRejection>>> = {
  [FMP_VERSION]: decodeVersion0,
}

/** Reads one whole frame as a transport delivered it. Accepting it proves nothing about its sender. */
export function decodeFrame(bytes: Uint8Array): Result<FmpFrame, FrameRejection> {
  if (bytes.length < PREFIX_SIZE) return reject('too-short', PREFIX_SIZE, bytes.length)
  const version = bytes[0]! >> 4
  const decode = FRAME_DECODERS[version]
  return decode === undefined ? reject('unknown-version', FMP_VERSION, version) : decode(bytes)
}

function decodeVersion0(bytes: Uint8Array): Result<FmpFrame, FrameRejection> {
  const phase = bytes[0]! & 0x0f
  switch (phase) {
    case PHASE_ESTABLISHED:
      return decodeEstablished(bytes)
    case PHASE_MSG1:
      return decodeMsg1(bytes)
    case PHASE_MSG2:
      return decodeMsg2(bytes)
    default:
      return reject('unknown-phase', undefined, phase)
  }
}

/**
 *   prefix 4 | receiver index LE32 | counter LE64 | sealed: timestamp LE32, type 1, body | tag 16
 *   '------------- header, 16 bytes ------------'
 */
function decodeEstablished(bytes: Uint8Array): Result<EstablishedFrame, FrameRejection> {
  if (bytes.length < ESTABLISHED_MIN_SIZE) return reject('too-short', ESTABLISHED_MIN_SIZE, bytes.length)
  const flags = bytes[1]!
  const payloadLength = bytes[2]! | (bytes[3]! << 8)
  const carried = bytes.length - ESTABLISHED_MIN_SIZE
  if (payloadLength !== carried) return reject('wrong-length', payloadLength, carried)
  return accept({
    type: 'established',
    flags: {
      keyEpoch: (flags & FLAG_KEY_EPOCH) !== 0,
      ce: (flags & FLAG_CE) !== 0,
      spin: (flags & FLAG_SPIN) !== 0,
    },
    receiverIndex: u32At(bytes, PREFIX_SIZE),
    counter: u64At(bytes, PREFIX_SIZE + INDEX_SIZE),
    header: bytes.subarray(0, ESTABLISHED_HEADER_SIZE),
    sealed: bytes.subarray(ESTABLISHED_HEADER_SIZE),
  })
}

/** `prefix 4 | sender index LE32 | Noise IK msg1, 106` */
function decodeMsg1(bytes: Uint8Array): Result<Msg1Frame, FrameRejection> {
  const reader = handshakeReader(bytes, MSG1_FRAME_SIZE)
  if (!reader.ok) return reader
  return accept({ type: 'msg1', senderIndex: reader.value.u32(), noise: reader.value.rest() })
}

/** `prefix 4 | sender index LE32 | receiver index LE32 | Noise IK msg2, 57` */
function decodeMsg2(bytes: Uint8Array): Result<Msg2Frame, FrameRejection> {
  const reader = handshakeReader(bytes, MSG2_FRAME_SIZE)
  if (!reader.ok) return reader
  return accept({
    type: 'msg2',
    senderIndex: reader.value.u32(),
    receiverIndex: reader.value.u32(),
    noise: reader.value.rest(),
  })
}

/** Checks size, length field and flags of a handshake frame and positions a reader after its prefix. */
function handshakeReader(bytes: Uint8Array, size: number): Result<ByteReader, FrameRejection> {
  if (bytes.length !== size) return reject('wrong-length', size, bytes.length)
  const reader = new ByteReader(bytes, 1)
  if (reader.u8() !== 0) return reject('reserved-flags', 0, bytes[1])
  const payloadLength = reader.u16()
  if (payloadLength !== size - PREFIX_SIZE) return reject('wrong-length', size - PREFIX_SIZE, payloadLength)
  return accept(reader)
}

/** The frame of a Noise IK msg1. Throws RangeError when `noise` has another size. */
export function encodeMsg1(senderIndex: number, noise: Uint8Array): Uint8Array {
  if (noise.length !== IK_MSG1_SIZE) throw new RangeError('not a msg1')
  const frame = new Uint8Array(MSG1_FRAME_SIZE)
  putPrefix(frame, PHASE_MSG1, 0, MSG1_FRAME_SIZE - PREFIX_SIZE)
  putU32(frame, PREFIX_SIZE, senderIndex)
  frame.set(noise, PREFIX_SIZE + INDEX_SIZE)
  return frame
}

/** The frame of a Noise IK msg2. Throws RangeError when `noise` has another size. */
export function encodeMsg2(senderIndex: number, receiverIndex: number, noise: Uint8Array): Uint8Array {
  if (noise.length !== IK_MSG2_SIZE) throw new RangeError('not a msg2')
  const frame = new Uint8Array(MSG2_FRAME_SIZE)
  putPrefix(frame, PHASE_MSG2, 0, MSG2_FRAME_SIZE - PREFIX_SIZE)
  putU32(frame, PREFIX_SIZE, senderIndex)
  putU32(frame, PREFIX_SIZE + INDEX_SIZE, receiverIndex)
  frame.set(noise, PREFIX_SIZE + 2 * INDEX_SIZE)
  return frame
}

/** An established frame to be sealed. */
export interface OutgoingFrame {
  /** The peer's index for this session. */
  readonly receiverIndex: number
  /** Never twice under one key. */
  readonly counter: bigint
  readonly flags: FrameFlags
  /** Milliseconds since the session began, modulo 2^32. */
  readonly timestamp: number
  /** Type byte and body. */
  readonly message: Uint8Array
}

/** Seals a message into a frame of `message.length + LINK_OVERHEAD` bytes, in place, in one allocation. */
export function sealFrame(cipher: Cipher, outgoing: OutgoingFrame): Uint8Array {
  const { message, flags } = outgoing
  const payloadLength = TIMESTAMP_SIZE + message.length
  if (payloadLength > MAX_PAYLOAD) throw new RangeError('the message does not fit a frame')
  const frame = new Uint8Array(ESTABLISHED_MIN_SIZE + payloadLength)
  const flagBits =
    (flags.keyEpoch ? FLAG_KEY_EPOCH : 0) | (flags.ce ? FLAG_CE : 0) | (flags.spin ? FLAG_SPIN : 0)
  putPrefix(frame, PHASE_ESTABLISHED, flagBits, payloadLength)
  putU32(frame, PREFIX_SIZE, outgoing.receiverIndex)
  putU64(frame, PREFIX_SIZE + INDEX_SIZE, outgoing.counter)
  putU32(frame, ESTABLISHED_HEADER_SIZE, outgoing.timestamp)
  frame.set(message, ESTABLISHED_HEADER_SIZE + TIMESTAMP_SIZE)
  const sealed = frame.subarray(ESTABLISHED_HEADER_SIZE)
  const header = frame.subarray(0, ESTABLISHED_HEADER_SIZE)
  cipher.sealInto(outgoing.counter, header, sealed.subarray(0, payloadLength), sealed)
  return frame
}

/** What an established frame carried. */
export interface OpenedFrame {
  /** The sender's session clock, ms modulo 2^32. */
  readonly timestamp: number
  /** Type byte and body, at least one byte. */
  readonly message: Uint8Array
}

/** Opens a frame; undefined when it is not authentic under this key or holds no message. Check for replay first. */
export function openFrame(cipher: Cipher, frame: EstablishedFrame): OpenedFrame | undefined {
  const plaintext = cipher.open(frame.counter, frame.header, frame.sealed)
  if (plaintext === undefined) return undefined
  const opened = decodePlaintext(plaintext)
  return opened.ok ? opened.value : undefined
}

/** `timestamp LE32 | type 1 | body`: what is sealed in an established frame. `message` is a view of the input. */
export function decodePlaintext(plaintext: Uint8Array): Result<OpenedFrame, 'too-short'> {
  const needed = TIMESTAMP_SIZE + MESSAGE_TYPE_SIZE
  if (plaintext.length < needed) return reject('too-short', needed, plaintext.length)
  return accept({ timestamp: u32At(plaintext, 0), message: plaintext.subarray(TIMESTAMP_SIZE) })
}

function putPrefix(frame: Uint8Array, phase: number, flags: number, payloadLength: number): void {
  frame[0] = (FMP_VERSION << 4) | phase
  frame[1] = flags
  putU16(frame, 2, payloadLength)
}

/** Why a byte stream cannot be cut into frames: it is out of step or not FMP at all. */
export type StreamRejection = 'unknown-version' | 'unknown-phase' | 'wrong-length' | 'too-long'

/**
 * Length in bytes of the frame that begins with this prefix (at least PREFIX_SIZE bytes), as byte streams need it.
 * `mtu` is the largest established frame to take.
 */
export function frameLength(prefix: Uint8Array, mtu: number): Result<number, StreamRejection> {
  const reader = new ByteReader(prefix)
  const first = reader.u8()
  const version = first >> 4
  if (version !== FMP_VERSION) return reject('unknown-version', FMP_VERSION, version)
  reader.skip(1)
  const payloadLength = reader.u16()
  const phase = first & 0x0f
  switch (phase) {
    case PHASE_ESTABLISHED: {
      const length = ESTABLISHED_MIN_SIZE + payloadLength
      return length > Math.max(mtu, ESTABLISHED_MIN_SIZE) ? reject('too-long', mtu, length) : accept(length)
    }
    case PHASE_MSG1:
      return handshakeLength(MSG1_FRAME_SIZE, payloadLength)
    case PHASE_MSG2:
      return handshakeLength(MSG2_FRAME_SIZE, payloadLength)
    default:
      return reject('unknown-phase', undefined, phase)
  }
}

function handshakeLength(size: number, payloadLength: number): Result<number, StreamRejection> {
  const expected = size - PREFIX_SIZE
  return payloadLength === expected ? accept(size) : reject('wrong-length', expected, payloadLength)
}
