/**
 * Positions carried in clear by session frames, for the routers they pass: in SessionSetup and SessionAck, and beside frames
 * with the CP flag. Nobody authenticates them, so they enter the cache at the lowest trust, within the share of the
 * neighbour that brought them.
 */
import { carriesCoordinates, decodeSessionPayload, type SessionDatagram } from '../fsp/index.ts'
import type { Coordinates } from '../coordinates.ts'
import type { NodeAddr } from '../identity/index.ts'
import { isPositionOf } from '../session/index.ts'
import type { Millis } from '../time.ts'
import type { MeshContext } from './context.ts'

/** Returns what the datagram says of its destination's position. */
export function warmFrom(
  context: MeshContext,
  datagram: SessionDatagram,
  via: NodeAddr,
  now: Millis,
): Coordinates | undefined {
  if (!carriesCoordinates(datagram.payload)) return undefined
  const decoded = decodeSessionPayload(datagram.payload)
  if (!decoded.ok) {
    context.counters.forwarding.warmMalformedPackets++
    context.counters.forwarding.warmMalformedBytes += datagram.payload.length
    return undefined
  }
  const message = decoded.value
  switch (message.type) {
    case 'setup':
    case 'ack':
      notePosition(context, datagram.source, message.source, via, now)
      return notePosition(context, datagram.destination, message.destination, via, now)
    case 'sealed':
      notePosition(context, datagram.source, message.coordinates?.source, via, now)
      return notePosition(context, datagram.destination, message.coordinates?.destination, via, now)
    case 'msg3':
    case 'coords-required':
    case 'path-broken':
    case 'mtu-exceeded':
      return undefined
  }
}

/** Takes a position heard in passing, if it can be one, and returns it. */
export function notePosition(
  context: MeshContext,
  addr: NodeAddr,
  coordinates: Coordinates | undefined,
  via: NodeAddr,
  now: Millis,
): Coordinates | undefined {
  if (coordinates === undefined || addr === context.identity.nodeAddr) return undefined
  if (!isPositionOf(addr, coordinates, context.config.tree.maxDepth)) return undefined
  context.positions.insert(addr, coordinates, { trust: 'transit', via }, now)
  return coordinates
}
