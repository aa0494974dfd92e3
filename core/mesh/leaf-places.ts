/**
 * A leaf knows no place in the tree. Beside its session handshakes it writes bare addresses, by which no answer finds
 * its way back, so its neighbour writes the places in: nothing authenticates them, and only the neighbour knows them.
 */
import {
  carriesCoordinates,
  decodeSessionPayload,
  encodeSessionHandshake,
  type SessionDatagram,
} from '../fsp/index.ts'
import type { NodeAddr } from '../identity/index.ts'
import type { Millis } from '../time.ts'
import { positionOf, type MeshContext } from './context.ts'

/** Whether a neighbour sent a datagram of its own and depends on us to place it. */
export function isFromLeaf(context: MeshContext, datagram: SessionDatagram, from: NodeAddr): boolean {
  return datagram.source === from && context.link.neighbour(from)?.isLeaf === true
}

/** The datagram of a leaf with its place, and that of its destination if it is known. */
export function placeLeaf(context: MeshContext, datagram: SessionDatagram, now: Millis): SessionDatagram {
  const source = positionOf(context, datagram.source, now)
  if (source === undefined || !carriesCoordinates(datagram.payload)) return datagram
  const decoded = decodeSessionPayload(datagram.payload)
  if (!decoded.ok || (decoded.value.type !== 'setup' && decoded.value.type !== 'ack')) return datagram
  // Who does not know where the other one is writes its own place there: readers see that it is not the other's.
  const destination = positionOf(context, datagram.destination, now) ?? source
  return { ...datagram, payload: encodeSessionHandshake({ ...decoded.value, source, destination }) }
}
