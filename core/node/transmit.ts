/** The way out: every frame of the node is counted here. */
import type { FrameClass } from '../link.ts'
import type { LinkPath, Peer } from '../peer/index.ts'
import type { Millis } from '../time.ts'
import type { NodeContext, TransportState } from './context.ts'

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
  countSent(transport, peer, frame.length, now)
  ctx.emit({ type: 'send', transportId: path.transportId, to: path.addr, frame, frameClass })
  return true
}

export function countSent(
  { traffic }: TransportState,
  peer: Peer | undefined,
  bytes: number,
  now: Millis,
): void {
  traffic.packetsSent += 1
  traffic.bytesSent += bytes
  if (peer === undefined) return
  peer.traffic.packetsSent += 1
  peer.traffic.bytesSent += bytes
  peer.lastSentAt = now
}
