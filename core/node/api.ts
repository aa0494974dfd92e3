/**
 * The node as its host sees it: inputs with a time go in, effects come out. Nothing here does I/O.
 *
 *   host: `for (const out of node.step(input, now)) perform(out)`, and `step({ type: 'tick' }, now)` at `deadline()`.
 */
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import type { FrameClass, LinkId, TransportAddr, TransportId, TransportInfo } from '../link.ts'
import type { Millis, UnixSeconds } from '../time.ts'

/** What can happen to a node. */
export type NodeInput =
  | { readonly type: 'transport-up'; readonly transport: TransportInfo }
  /** The medium is gone: its links are dropped without a goodbye; configured peers on it are dialled again when it is back. */
  | { readonly type: 'transport-down'; readonly transportId: TransportId }
  /** A frame arrived. The view need only be valid during `step`. */
  | {
      readonly type: 'frame'
      readonly transportId: TransportId
      readonly from: TransportAddr
      readonly frame: Uint8Array
    }
  /**
   * What a medium that confirms frames learnt of one it was given: the neighbour has it, or it gave up. The view need only
   * be valid during `step`. Media without confirmation say nothing, and then reports of the peer tell what arrived.
   */
  | {
      readonly type: 'frame-delivered' | 'frame-lost'
      readonly transportId: TransportId
      readonly to: TransportAddr
      readonly frame: Uint8Array
    }
  /**
   * The connection below this address ended, on media that have connections. Either end may make a new one, and then
   * the link goes on; the peer may also be gone.
   */
  | { readonly type: 'path-gone'; readonly transportId: TransportId; readonly addr: TransportAddr }
  /** The host has begun to lose frames of a medium before they get here, or does no longer: what is forwarded is marked. */
  | { readonly type: 'receive-drops'; readonly transportId: TransportId; readonly isDropping: boolean }
  /**
   * Dial a peer. `persistent` peers are dialled again for ever, with back-off; the addresses are tried by priority. Of a
   * peer that is linked already a path preferred to its own is tried beside the link, which moves there if it is answered.
   */
  | {
      readonly type: 'connect'
      readonly peer: PublicKey
      readonly paths: readonly PeerPath[]
      readonly persistent: boolean
      /** Dial it only when traffic for it waits. Default false. */
      readonly isOnDemand?: boolean
    }
  /** Say goodbye to a peer and stop dialling it. */
  | { readonly type: 'disconnect'; readonly peer: NodeAddr }
  /** An IPv6 packet of the host for the mesh (from the TUN). */
  | { readonly type: 'packet'; readonly packet: Uint8Array }
  /** A datagram of a local service. */
  | {
      readonly type: 'datagram'
      readonly to: PublicKey
      readonly sourcePort: number
      readonly destinationPort: number
      readonly payload: Uint8Array
    }
  /** A key became known (asked through DNS, listed in hosts), so that its IPv6 address can be reached. */
  | { readonly type: 'identity'; readonly publicKey: PublicKey }
  /**
   * One step of a diagnosis: ask where a node is, greet it, put both positions before the routers on the way, or drop the
   * session with it. What comes of it shows in the views.
   */
  | {
      readonly type: 'probe'
      readonly peer: PublicKey
      readonly act: 'look-up' | 'greet' | 'warm-up' | 'hang-up'
    }
  /** `peers.allow` and `peers.deny` as they now are; `undefined` means the list does not exist. */
  | {
      readonly type: 'access-lists'
      readonly allow: readonly PublicKey[] | undefined
      readonly deny: readonly PublicKey[]
      /** Peers of the configuration: they count as listed whether or not they are dialled at the moment. Default none. */
      readonly configured?: readonly PublicKey[]
      /** Everybody counts as allowed. Default false. */
      readonly allowAll?: boolean
      /** Everybody who is not in `allow` is denied. Default false. */
      readonly denyAll?: boolean
    }
  /** Wall-clock time, as often as the host likes: TreeAnnounce carries it. */
  | { readonly type: 'wall-clock'; readonly seconds: UnixSeconds }
  | { readonly type: 'tick' }
  /** Drain: say goodbye to every peer. After the returned effects nothing more is sent. */
  | { readonly type: 'shutdown' }

export interface PeerPath {
  readonly transportId: TransportId
  readonly addr: TransportAddr
  /** Lower is tried first. */
  readonly priority: number
}

/** What the host must do, in order. */
export type NodeOutput =
  /** Owned by the receiver: core keeps no reference to `frame`. */
  | {
      readonly type: 'send'
      readonly transportId: TransportId
      readonly to: TransportAddr
      readonly frame: Uint8Array
      readonly frameClass: FrameClass
    }
  /** An IPv6 packet for the host (to the TUN). */
  | { readonly type: 'packet'; readonly packet: Uint8Array; readonly from: PublicKey }
  | {
      readonly type: 'datagram'
      readonly from: PublicKey
      readonly sourcePort: number
      readonly destinationPort: number
      readonly payload: Uint8Array
    }
  /** A packet from the host that could not go: the host answers with ICMPv6. */
  | {
      readonly type: 'undeliverable'
      readonly packet: Uint8Array
      readonly reason: UndeliverableReason
      readonly mtu?: number
    }
  /** For the log and the dashboard; carries ids, never secrets. */
  | { readonly type: 'event'; readonly event: NodeEvent }

export type UndeliverableReason = 'no-identity' | 'no-route' | 'too-big' | 'queue-full' | 'no-session'

export type NodeEvent =
  | {
      readonly type: 'peer-up'
      readonly peer: NodeAddr
      readonly publicKey: PublicKey
      readonly linkId: LinkId
      readonly transportId: TransportId
      readonly addr: TransportAddr
      readonly initiator: boolean
    }
  | { readonly type: 'peer-down'; readonly peer: NodeAddr; readonly linkId: LinkId; readonly reason: string }
  | {
      readonly type: 'peer-refused'
      readonly transportId: TransportId
      readonly addr: TransportAddr
      readonly peer?: NodeAddr
      readonly reason: string
    }
  | { readonly type: 'rekeyed'; readonly peer: NodeAddr }
  | {
      readonly type: 'parent-changed'
      readonly parent: NodeAddr
      readonly root: NodeAddr
      readonly depth: number
    }
  | {
      readonly type: 'session-up'
      readonly peer: NodeAddr
      readonly publicKey: PublicKey
      readonly initiator: boolean
    }
  | { readonly type: 'session-down'; readonly peer: NodeAddr; readonly reason: string }
  | { readonly type: 'lookup-failed'; readonly target: NodeAddr }

/** The contract of the node; `FipsNode` implements it. */
export interface SansIoNode {
  step(input: NodeInput, now: Millis): readonly NodeOutput[]
  /**
   * The input `frame` by offsets. With a packet sink, plain traffic leaves through it and nothing is returned; the rest, and all
   * of it without a sink, is as by `step`.
   */
  frameAt(
    transportId: TransportId,
    from: TransportAddr,
    bytes: Uint8Array,
    at: number,
    length: number,
    now: Millis,
  ): readonly NodeOutput[]
  /** The input `packet` likewise; the bytes are only read, and only during the call. */
  packetAt(bytes: Uint8Array, at: number, length: number, now: Millis): readonly NodeOutput[]
  /** The next instant at which `step({ type: 'tick' })` has something to do. */
  deadline(): Millis | undefined
}
