/** The way out: every frame of the node leaves here, counted. */
import type { FrameClass } from '../link.ts'
import type { LinkPath, Peer } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { NodeContext } from './context.ts'

/** Hands a frame to a transport. The frame belongs to the host afterwards. False when the transport is down. */
export function transmit(
  ctx: NodeContext,
  peer: Peer | undefined,
  path: LinkPath,
  frame: Uint8Array,
  frameClass: FrameClass,
  now: Millis,
): boolean {
  const transport = ctx.transports.get(path.transportId)
  if (transport === undefined) return false
  transport.traffic.packetsSent += 1
  transport.traffic.bytesSent += frame.length
  if (peer !== undefined) {
    peer.traffic.packetsSent += 1
    peer.traffic.bytesSent += frame.length
    peer.lastSentAt = now
  }
  ctx.emit({ type: 'send', transportId: path.transportId, to: path.addr, frame, frameClass })
  return true
}
