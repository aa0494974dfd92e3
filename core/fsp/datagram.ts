/** SessionDatagram, the link message that carries session traffic from hop to hop. */
import { ByteReader, ByteWriter } from '../bytes.ts'
import { NODE_ADDR_SIZE, readNodeAddr, writeNodeAddr } from '../coordinates.ts'
import { LINK_MESSAGE_TYPES } from '../fmp/index.ts'
import type { NodeAddr } from '../identity/index.ts'
import { accept, reject, type Result } from '../result.ts'

const TYPE = LINK_MESSAGE_TYPES['session-datagram']
const TTL_AT = 1
const PATH_MTU_AT = 2
/** Bytes before the payload, type byte included. */
export const DATAGRAM_HEADER_SIZE: number = 1 + 1 + 2 + 2 * NODE_ADDR_SIZE

/** Path MTU of a datagram that has not met a link yet. */
export const PATH_MTU_UNSET = 0xffff

export interface SessionDatagram {
  /** Hops it may still travel. */
  readonly ttl: number
  /** Smallest link MTU met so far, bytes. */
  readonly pathMtu: number
  readonly source: NodeAddr
  readonly destination: NodeAddr
  /** A session payload. Of a decoded datagram a view of the input. */
  readonly payload: Uint8Array
}

/** `0x00 | ttl 1 | path mtu LE16 | source 16 | destination 16 | payload`; `message` includes the type byte. */
export function decodeSessionDatagram(
  message: Uint8Array,
): Result<SessionDatagram, 'wrong-type' | 'too-short'> {
  const reader = new ByteReader(message)
  const type = reader.u8()
  if (type !== TYPE) return reject('wrong-type', TYPE, type)
  const ttl = reader.u8()
  const pathMtu = reader.u16()
  const source = readNodeAddr(reader)
  const destination = readNodeAddr(reader)
  if (reader.truncated) return reject('too-short', DATAGRAM_HEADER_SIZE, message.length)
  return accept({ ttl, pathMtu, source, destination, payload: reader.rest() })
}

/** The layout of `decodeSessionDatagram`. */
export function encodeSessionDatagram(datagram: SessionDatagram): Uint8Array {
  const writer = new ByteWriter(DATAGRAM_HEADER_SIZE + datagram.payload.length)
  writer.u8(TYPE).u8(datagram.ttl).u16(datagram.pathMtu)
  writeNodeAddr(writer, datagram.source)
  writeNodeAddr(writer, datagram.destination)
  return writer.put(datagram.payload).finish()
}

/**
 * Writes what a transit node changes into a message it owns, so that forwarding copies nothing. `message` must have
 * been accepted by `decodeSessionDatagram`.
 */
export function rewriteHop(message: Uint8Array, ttl: number, pathMtu: number): void {
  message[TTL_AT] = ttl
  message[PATH_MTU_AT] = pathMtu & 0xff
  message[PATH_MTU_AT + 1] = pathMtu >> 8
}
