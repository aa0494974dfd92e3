/**
 * Session payloads (FSP, wire version 0): what a SessionDatagram carries.
 *
 * Unlike on a link, nobody checks the payload length of the prefix, and the version is judged in established payloads
 * only: stock nodes behave so, and we must take what they take.
 */
import { ByteReader, ByteWriter } from '../bytes.ts'
import { coordinatesSize, readCoordinates, writeCoordinates, type Coordinates } from '../coordinates.ts'
import { TAG_SIZE, type Cipher } from '../crypto/index.ts'
import { accept, reject, type Result } from '../result.ts'
import {
  decodeAck,
  decodeMsg3,
  decodeSetup,
  type HandshakePayloadRejection,
  type SessionHandshake,
} from './handshake.ts'
import {
  FLAG_COORDINATES,
  FLAG_KEY_EPOCH,
  FLAG_PLAINTEXT,
  FSP_PREFIX_SIZE,
  FSP_VERSION,
  PHASE_ACK,
  PHASE_ESTABLISHED,
  PHASE_MSG3,
  PHASE_SETUP,
  writePrefix,
} from './prefix.ts'
import { decodeSignal, type ErrorSignal, type SignalRejection } from './signals.ts'

/** The associated data of the AEAD: prefix and counter. Coordinates are not part of it. */
export const SESSION_HEADER_SIZE = 12
/** Timestamp, type, flags: what is sealed before the body. */
export const SESSION_INNER_HEADER_SIZE = 6
const ESTABLISHED_MIN_SIZE = SESSION_HEADER_SIZE + TAG_SIZE
const INNER_FLAG_SPIN = 0x01
const MAX_PAYLOAD = 0xffff

/** Where both ends say they are. Undefined where a list was empty; unauthenticated. */
export interface CarriedCoordinates {
  readonly source: Coordinates | undefined
  readonly destination: Coordinates | undefined
}

/** A sealed payload, not yet opened. `header` and `sealed` are views of the input. */
export interface SealedPayload {
  readonly type: 'sealed'
  readonly keyEpoch: boolean
  readonly counter: bigint
  readonly header: Uint8Array
  /** Present when the payload carries coordinates for the nodes on the way. */
  readonly coordinates: CarriedCoordinates | undefined
  readonly sealed: Uint8Array
}

export type SessionPayload = SealedPayload | SessionHandshake | ErrorSignal

/** `unknown-phase` and `unknown-type` are to be ignored, not held against anyone. */
export type PayloadRejection =
  'too-short' | 'unknown-version' | 'unknown-phase' | HandshakePayloadRejection | SignalRejection

/** Reads the payload of a SessionDatagram. Accepting it proves nothing about its sender. */
export function decodeSessionPayload(payload: Uint8Array): Result<SessionPayload, PayloadRejection> {
  if (payload.length < FSP_PREFIX_SIZE) return reject('too-short', FSP_PREFIX_SIZE, payload.length)
  const phase = payload[0]! & 0x0f
  const body = payload.subarray(FSP_PREFIX_SIZE)
  switch (phase) {
    case PHASE_ESTABLISHED:
      return (payload[1]! & FLAG_PLAINTEXT) === 0 ? decodeSealed(payload) : decodeSignal(body)
    case PHASE_SETUP:
      return decodeSetup(body)
    case PHASE_ACK:
      return decodeAck(body)
    case PHASE_MSG3:
      return decodeMsg3(body)
    default:
      return reject('unknown-phase', undefined, phase)
  }
}

/** Whether a payload claims to carry coordinates: all that a node on the way has to look at in most frames. */
export function carriesCoordinates(payload: Uint8Array): boolean {
  if (payload.length < FSP_PREFIX_SIZE) return false
  const phase = payload[0]! & 0x0f
  if (phase === PHASE_ESTABLISHED)
    return (payload[1]! & (FLAG_PLAINTEXT | FLAG_COORDINATES)) === FLAG_COORDINATES
  return phase === PHASE_SETUP || phase === PHASE_ACK
}

/**
 *   prefix 4 | counter LE64 | [source coordinates | destination coordinates] | sealed | tag 16
 *   '---- header, 12 ------'   counted lists, with flag CP only
 *
 *   sealed: timestamp LE32 | type 1 | flags 1 | body
 */
function decodeSealed(payload: Uint8Array): Result<SealedPayload, PayloadRejection> {
  if (payload.length < ESTABLISHED_MIN_SIZE) return reject('too-short', ESTABLISHED_MIN_SIZE, payload.length)
  const version = payload[0]! >> 4
  if (version !== FSP_VERSION) return reject('unknown-version', FSP_VERSION, version)
  const flags = payload[1]!
  const reader = new ByteReader(payload, FSP_PREFIX_SIZE)
  const counter = reader.u64()
  const coordinates = (flags & FLAG_COORDINATES) === 0 ? undefined : readBothCoordinates(reader)
  if (reader.truncated) return reject('too-short', undefined, payload.length)
  return accept({
    type: 'sealed',
    keyEpoch: (flags & FLAG_KEY_EPOCH) !== 0,
    counter,
    header: payload.subarray(0, SESSION_HEADER_SIZE),
    coordinates,
    sealed: reader.rest(),
  })
}

function readBothCoordinates(reader: ByteReader): CarriedCoordinates {
  const source = readCoordinates(reader)
  const destination = readCoordinates(reader)
  return {
    source: source.length === 0 ? undefined : source,
    destination: destination.length === 0 ? undefined : destination,
  }
}

/** A message to be sealed for the other end of a session. */
export interface OutgoingPayload {
  readonly keyEpoch: boolean
  /** Never twice under one key. */
  readonly counter: bigint
  /** Milliseconds since the session began, modulo 2^32. */
  readonly timestamp: number
  /** Type byte of the session message. */
  readonly messageType: number
  readonly spin: boolean
  readonly body: Uint8Array
  /** Given to warm the caches of the nodes on the way. */
  readonly coordinates?: CarriedCoordinates
}

/** Bytes of the payload `sealSession` makes. */
export function sealedPayloadSize(bodyLength: number, coordinates?: CarriedCoordinates): number {
  return ESTABLISHED_MIN_SIZE + SESSION_INNER_HEADER_SIZE + bodyLength + carriedSize(coordinates)
}

/** Seals a message into a session payload, in place, in one allocation. */
export function sealSession(cipher: Cipher, outgoing: OutgoingPayload): Uint8Array {
  const { body, coordinates, counter } = outgoing
  const plaintextLength = SESSION_INNER_HEADER_SIZE + body.length
  if (plaintextLength > MAX_PAYLOAD) throw new RangeError('the message does not fit a payload')
  const flags = (coordinates === undefined ? 0 : FLAG_COORDINATES) | (outgoing.keyEpoch ? FLAG_KEY_EPOCH : 0)
  const writer = new ByteWriter(sealedPayloadSize(body.length, coordinates))
  writePrefix(writer, PHASE_ESTABLISHED, flags, plaintextLength).u64(counter)
  if (coordinates !== undefined) {
    writeCoordinates(writer, coordinates.source ?? [])
    writeCoordinates(writer, coordinates.destination ?? [])
  }
  const sealedAt = writer.length
  writer
    .u32(outgoing.timestamp)
    .u8(outgoing.messageType)
    .u8(outgoing.spin ? INNER_FLAG_SPIN : 0)
    .put(body)
    .put(NO_TAG)
  const payload = writer.finish()
  const sealed = payload.subarray(sealedAt)
  const header = payload.subarray(0, SESSION_HEADER_SIZE)
  cipher.sealInto(counter, header, sealed.subarray(0, plaintextLength), sealed)
  return payload
}

const NO_TAG = new Uint8Array(TAG_SIZE)

function carriedSize(coordinates: CarriedCoordinates | undefined): number {
  if (coordinates === undefined) return 0
  return coordinatesSize(coordinates.source ?? []) + coordinatesSize(coordinates.destination ?? [])
}

/** What a sealed payload held. */
export interface OpenedPayload {
  /** The sender's session clock, ms modulo 2^32. */
  readonly timestamp: number
  readonly messageType: number
  readonly spin: boolean
  readonly body: Uint8Array
}

/** Opens a payload; undefined when it is not authentic under this key or holds no message. Check for replay first. */
export function openSession(cipher: Cipher, payload: SealedPayload): OpenedPayload | undefined {
  const plaintext = cipher.open(payload.counter, payload.header, payload.sealed)
  if (plaintext === undefined) return undefined
  const opened = decodeSessionPlaintext(plaintext)
  return opened.ok ? opened.value : undefined
}

/** `timestamp LE32 | type 1 | flags 1 | body`: what is sealed in a payload. `body` is a view of the input. */
export function decodeSessionPlaintext(plaintext: Uint8Array): Result<OpenedPayload, 'too-short'> {
  const reader = new ByteReader(plaintext)
  const timestamp = reader.u32()
  const messageType = reader.u8()
  const spin = (reader.u8() & INNER_FLAG_SPIN) !== 0
  if (reader.truncated) return reject('too-short', SESSION_INNER_HEADER_SIZE, plaintext.length)
  return accept({ timestamp, messageType, spin, body: reader.rest() })
}
