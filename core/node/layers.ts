/**
 * The seam inside the node. The link half (peers, tree, filters, link reports) implements `LinkLayer`; the mesh half
 * (routing, lookup, sessions, IPv6) implements `MeshLayer`. `FipsNode` composes the two and owns nothing else.
 */
import type { BloomFilter } from '../bloom/index.ts'
import type { Coordinates } from '../coordinates.ts'
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import type { FrameClass, LinkProfile } from '../link.ts'
import type { Millis } from '../time.ts'
import type { NodeInput, NodeOutput } from './api.ts'
import type { PacketSink } from './packet-sink.ts'
import type { MeshViews } from './views.ts'

export type { Coordinates } from '../coordinates.ts'

/** A connected, authenticated neighbour as routing sees it now. Not to be kept: ask again when something may have changed. */
export interface Neighbour {
  readonly addr: NodeAddr
  readonly publicKey: PublicKey
  /** What it announced, or one hop below us for a leaf; undefined until its first TreeAnnounce. */
  readonly coordinates: Coordinates | undefined
  /** What can be reached through it; undefined until its first FilterAnnounce. */
  readonly filter: BloomFilter | undefined
  /** Parent or child of ours. Lookups travel along these only. */
  readonly isTreePeer: boolean
  /** Takes no part in the tree and is reached through us alone. Absent: it does. */
  readonly isLeaf?: boolean
  /** ETX-and-latency cost of the link, ≥ 1. */
  readonly cost: number
  /** Share of our frames that the link loses, 0..1, as the neighbour reports. Absent: none known. */
  readonly lossRate?: number
  /** The same of the frames that come from it, by our own reports. */
  readonly inboundLossRate?: number
  /** The link loses so much that what is forwarded over it should carry the congestion mark. Absent: it does not. */
  readonly congested?: boolean
  /** False while its keys are gone or its medium is down. */
  readonly canSend: boolean
  /** It should have been heard by now: others go first. Absent: it is heard. */
  readonly isSilent?: boolean
  /** Largest FMP frame of the link in bytes. */
  readonly mtu: number
  readonly profile: LinkProfile
}

/** What the mesh half may ask of the link half. */
export interface LinkLayer {
  ownCoordinates(): Coordinates
  neighbours(): Iterable<Neighbour>
  neighbour(addr: NodeAddr): Neighbour | undefined
  /**
   * Seals `message` (type byte and body) to a neighbour. `congested` sets the CE flag of the link frame.
   * False when there is no such neighbour, it cannot be sent to, or the frame would exceed the link's MTU.
   */
  sendMessage(
    to: NodeAddr,
    message: Uint8Array,
    frameClass: FrameClass,
    now: Millis,
    congested?: boolean,
  ): boolean
  /** Traffic for a node waits: a peer that is dialled on demand is dialled. */
  wanted(addr: NodeAddr, now: Millis): void
  /** Adds an effect to those the running `step` returns. */
  emit(output: NodeOutput): void
}

/** The link half of the data path. */
export interface DataLink {
  readonly sink: PacketSink
  /**
   * `LinkLayer.sendMessage` in place: the message lies in the reserved place of the sink, behind room for the header of its frame,
   * and leaves through the sink.
   */
  sendAt(
    to: NodeAddr,
    at: number,
    length: number,
    frameClass: FrameClass,
    now: Millis,
    congested: boolean,
  ): boolean
}

/** The mesh half of the data path. */
export interface MeshData {
  /**
   * A link message of `length` bytes at `at` in the packet sink. False, having touched nothing, when it is no plain traffic on a
   * known way.
   */
  datagram(from: NodeAddr, at: number, length: number, congested: boolean, now: Millis): boolean
  /** An IPv6 packet of this host, likewise; it is only read. */
  packet(bytes: Uint8Array, at: number, length: number, now: Millis): boolean
  /** Something other than traffic happened: what was remembered for it may be wrong. */
  forget(): void
}

/** The inputs that are the mesh half's. */
export type MeshInput = Extract<NodeInput, { type: 'packet' | 'datagram' | 'identity' | 'probe' }>

/** What the link half tells the mesh half. */
export interface MeshLayer {
  /**
   * A SessionDatagram (0x00), LookupRequest (0x30) or LookupResponse (0x31) from a neighbour: its whole message with type
   * byte, which is the mesh half's from now on: what goes on is rewritten in place.
   */
  linkMessage(from: NodeAddr, message: Uint8Array, congested: boolean, now: Millis): void
  input(input: MeshInput, now: Millis): void
  /** `epoch` is of its present start: a session that carries another one is with a node that has forgotten it. */
  neighbourUp(addr: NodeAddr, publicKey: PublicKey, now: Millis, epoch?: Uint8Array): void
  /** `hasRestarted`: it is up again at once, and has forgotten us. */
  neighbourDown(addr: NodeAddr, hasRestarted: boolean, now: Millis): void
  /** Our own position changed: caches that depended on it are wrong now. */
  coordinatesChanged(now: Millis): void
  tick(now: Millis): void
  deadline(): Millis | undefined
  shutdown(now: Millis): void
  /** Present when the node was given a packet sink. */
  readonly data?: MeshData | undefined
  /** For the operator. */
  readonly views: MeshViews
}
