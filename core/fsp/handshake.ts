/**
 * The three payloads that open a session: a Noise XK message each, the first two with the coordinates of both ends, so
 * that the nodes they pass learn where to send what follows.
 */
import { ByteReader, ByteWriter } from '../bytes.ts'
import { coordinatesSize, readCoordinates, writeCoordinates, type Coordinates } from '../coordinates.ts'
import { accept, reject, type Result } from '../result.ts'
import { FSP_PREFIX_SIZE, PHASE_ACK, PHASE_MSG3, PHASE_SETUP, writePrefix } from './prefix.ts'

/** Opens a session. Coordinates are the sender's claim: nothing authenticates them. */
export interface SessionSetup {
  readonly type: 'setup'
  readonly requestAck: boolean
  readonly bidirectional: boolean
  readonly source: Coordinates
  readonly destination: Coordinates
  /** Noise XK msg1. Of a decoded payload a view of the input, of any length. */
  readonly noise: Uint8Array
}

/** Answers a setup. `source` are the coordinates of the one who answers. */
export interface SessionAck {
  readonly type: 'ack'
  /** Reserved byte, sent as 0. */
  readonly reserved: number
  readonly source: Coordinates
  readonly destination: Coordinates
  /** Noise XK msg2. */
  readonly noise: Uint8Array
}

/** Completes a session. */
export interface SessionMsg3 {
  readonly type: 'msg3'
  /** Reserved byte, sent as 0. */
  readonly reserved: number
  /** Noise XK msg3. */
  readonly noise: Uint8Array
}

export type SessionHandshake = SessionSetup | SessionAck | SessionMsg3

export type HandshakePayloadRejection = 'too-short' | 'empty-coordinates'

const SETUP_REQUEST_ACK = 0x01
const SETUP_BIDIRECTIONAL = 0x02
/** The flags byte and the length of the Noise message. */
const FIXED_SIZE = 1 + 2

/**
 *   prefix 4 | flags 1 | source coordinates (counted) | destination coordinates (counted) | length LE16 | Noise message
 *
 * Both lists hold at least one address; trailing bytes are ignored. `body` begins after the prefix.
 */
export function decodeSetup(body: Uint8Array): Result<SessionSetup, HandshakePayloadRejection> {
  const decoded = decodeWithCoordinates(body)
  if (!decoded.ok) return decoded
  const { flags, source, destination, noise } = decoded.value
  return accept({
    type: 'setup',
    requestAck: (flags & SETUP_REQUEST_ACK) !== 0,
    bidirectional: (flags & SETUP_BIDIRECTIONAL) !== 0,
    source,
    destination,
    noise,
  })
}

/** The layout of `decodeSetup` with other flags: a reserved byte. */
export function decodeAck(body: Uint8Array): Result<SessionAck, HandshakePayloadRejection> {
  const decoded = decodeWithCoordinates(body)
  if (!decoded.ok) return decoded
  const { flags, source, destination, noise } = decoded.value
  return accept({ type: 'ack', reserved: flags, source, destination, noise })
}

/** `prefix 4 | reserved 1 | length LE16 | Noise message`; trailing bytes are ignored. `body` begins after the prefix. */
export function decodeMsg3(body: Uint8Array): Result<SessionMsg3, HandshakePayloadRejection> {
  const reader = new ByteReader(body)
  const reserved = reader.u8()
  const noise = reader.take(reader.u16())
  return reader.truncated
    ? reject('too-short', undefined, body.length)
    : accept({ type: 'msg3', reserved, noise })
}

/** A whole session payload, prefix included. */
export function encodeSessionHandshake(handshake: SessionHandshake): Uint8Array {
  switch (handshake.type) {
    case 'setup': {
      const flags =
        (handshake.requestAck ? SETUP_REQUEST_ACK : 0) | (handshake.bidirectional ? SETUP_BIDIRECTIONAL : 0)
      return encodeWithCoordinates(PHASE_SETUP, flags, handshake)
    }
    case 'ack':
      return encodeWithCoordinates(PHASE_ACK, handshake.reserved, handshake)
    case 'msg3': {
      const length = FIXED_SIZE + handshake.noise.length
      const writer = writePrefix(new ByteWriter(FSP_PREFIX_SIZE + length), PHASE_MSG3, 0, length)
      return writer.u8(handshake.reserved).u16(handshake.noise.length).put(handshake.noise).finish()
    }
  }
}

interface CoordinatesAndNoise {
  readonly flags: number
  readonly source: Coordinates
  readonly destination: Coordinates
  readonly noise: Uint8Array
}

function decodeWithCoordinates(body: Uint8Array): Result<CoordinatesAndNoise, HandshakePayloadRejection> {
  const reader = new ByteReader(body)
  const flags = reader.u8()
  const source = readCoordinates(reader)
  const destination = readCoordinates(reader)
  const noise = reader.take(reader.u16())
  if (reader.truncated) return reject('too-short', undefined, body.length)
  if (source.length === 0 || destination.length === 0) return reject('empty-coordinates')
  return accept({ flags, source, destination, noise })
}

function encodeWithCoordinates(phase: number, flags: number, content: SessionSetup | SessionAck): Uint8Array {
  const { source, destination, noise } = content
  const length = FIXED_SIZE + coordinatesSize(source) + coordinatesSize(destination) + noise.length
  const writer = writePrefix(new ByteWriter(FSP_PREFIX_SIZE + length), phase, 0, length).u8(flags)
  writeCoordinates(writer, source)
  writeCoordinates(writer, destination)
  return writer.u16(noise.length).put(noise).finish()
}
