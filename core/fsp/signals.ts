/**
 * Error signals: what a node on the way tells the source of a datagram it could not forward. They are not encrypted and
 * nobody authenticates them, so a receiver acts on them sparingly.
 */
import { ByteReader, ByteWriter } from '../bytes.ts'
import {
  NODE_ADDR_SIZE,
  coordinatesSize,
  readCoordinates,
  readNodeAddr,
  writeCoordinates,
  writeNodeAddr,
  type Coordinates,
} from '../coordinates.ts'
import type { NodeAddr } from '../identity/index.ts'
import { accept, reject, type Result } from '../result.ts'
import { FLAG_PLAINTEXT, FSP_PREFIX_SIZE, PHASE_ESTABLISHED, writePrefix } from './prefix.ts'

/** The reporter does not know where the destination is. */
export interface CoordsRequired {
  readonly type: 'coords-required'
  readonly destination: NodeAddr
  readonly reporter: NodeAddr
}

/** Nobody near the reporter is closer to the destination. */
export interface PathBroken {
  readonly type: 'path-broken'
  readonly destination: NodeAddr
  readonly reporter: NodeAddr
  /** The position that led there; undefined when the reporter knew none. */
  readonly lastCoordinates: Coordinates | undefined
}

/** The datagram was larger than the next link takes. */
export interface MtuExceeded {
  readonly type: 'mtu-exceeded'
  readonly destination: NodeAddr
  readonly reporter: NodeAddr
  /** Largest frame of that link, bytes. */
  readonly mtu: number
}

export type ErrorSignal = CoordsRequired | PathBroken | MtuExceeded

/** `unknown-type` is to be ignored, not held against anyone. */
export type SignalRejection = 'too-short' | 'unknown-type'

export const SIGNAL_TYPES: Readonly<Record<ErrorSignal['type'], number>> = {
  'coords-required': 0x20,
  'path-broken': 0x21,
  'mtu-exceeded': 0x22,
}

/** Type, reserved flags, destination, reporter. */
const FIXED_SIZE = 1 + 1 + 2 * NODE_ADDR_SIZE

/**
 *   prefix 4 | 0x20 | reserved 1 | destination 16 | reporter 16
 *   prefix 4 | 0x21 | reserved 1 | destination 16 | reporter 16 | coordinates (counted, none allowed)
 *   prefix 4 | 0x22 | reserved 1 | destination 16 | reporter 16 | mtu LE16
 *
 * Trailing bytes are ignored. `body` begins at the type byte.
 */
export function decodeSignal(body: Uint8Array): Result<ErrorSignal, SignalRejection> {
  const reader = new ByteReader(body)
  const type = reader.u8()
  if (reader.truncated) return reject('too-short', FIXED_SIZE, 0)
  reader.skip(1)
  const destination = readNodeAddr(reader)
  const reporter = readNodeAddr(reader)
  const signal = readSpecific(type, reader, destination, reporter)
  if (signal === undefined) return reject('unknown-type', undefined, type)
  return reader.truncated ? reject('too-short', FIXED_SIZE, body.length) : accept(signal)
}

function readSpecific(
  type: number,
  reader: ByteReader,
  destination: NodeAddr,
  reporter: NodeAddr,
): ErrorSignal | undefined {
  switch (type) {
    case SIGNAL_TYPES['coords-required']:
      return { type: 'coords-required', destination, reporter }
    case SIGNAL_TYPES['path-broken']: {
      const last = readCoordinates(reader)
      return {
        type: 'path-broken',
        destination,
        reporter,
        lastCoordinates: last.length === 0 ? undefined : last,
      }
    }
    case SIGNAL_TYPES['mtu-exceeded']:
      return { type: 'mtu-exceeded', destination, reporter, mtu: reader.u16() }
    default:
      return undefined
  }
}

/** A whole session payload, prefix included: the layouts of `decodeSignal`. */
export function encodeSignal(signal: ErrorSignal): Uint8Array {
  const length = FIXED_SIZE + specificSize(signal)
  const writer = new ByteWriter(FSP_PREFIX_SIZE + length)
  writePrefix(writer, PHASE_ESTABLISHED, FLAG_PLAINTEXT, length).u8(SIGNAL_TYPES[signal.type]).u8(0)
  writeNodeAddr(writer, signal.destination)
  writeNodeAddr(writer, signal.reporter)
  if (signal.type === 'path-broken') writeCoordinates(writer, signal.lastCoordinates ?? [])
  if (signal.type === 'mtu-exceeded') writer.u16(signal.mtu)
  return writer.finish()
}

function specificSize(signal: ErrorSignal): number {
  switch (signal.type) {
    case 'coords-required':
      return 0
    case 'path-broken':
      return coordinatesSize(signal.lastCoordinates ?? [])
    case 'mtu-exceeded':
      return 2
  }
}
