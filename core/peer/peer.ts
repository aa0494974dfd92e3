/** One neighbour as the link half keeps it, from the first handshake until the link is gone. */
import type { NodeAddr, PublicKey } from '../identity/index.ts'
import type { LinkId, TransportAddr, TransportId, TransportInfo } from '../link.ts'
import type { IkInitiator } from '../noise/index.ts'
import type { Millis } from '../time.ts'
import { KeyRing } from './key-ring.ts'
import type { LinkSession } from './link-session.ts'
import type { LinkTimers } from './link-timers.ts'
import type { TokenBucket } from '../token-bucket.ts'

/** Where a neighbour is. */
export interface LinkPath {
  readonly transportId: TransportId
  readonly addr: TransportAddr
}

/** A handshake of ours under way, for a new link or for new keys of a standing one. */
export interface Attempt {
  readonly noise: IkInitiator
  readonly ourIndex: number
  /** The whole frame: a resend is the same bytes. */
  readonly msg1: Uint8Array
  readonly path: LinkPath
  readonly startedAt: Millis
  readonly isRekey: boolean
  /** Tried beside a standing link, which moves to this path when it is answered. */
  readonly isAlternate: boolean
  resends: number
}

/** An announce on its way, and what is needed to tell from the peer's reports whether it arrived. */
export interface UnconfirmedAnnounce {
  /** Of the last copy. */
  readonly counter: bigint
  readonly copies: number
  /** Frames the peer had missed when this one was sent; undefined when it had not reported under these keys. */
  readonly missingBefore: bigint | undefined
  /** Reports that covered this frame and showed as many frames more missing as there were copies. */
  suspicions: number
}

/** What we still owe a neighbour of one kind of announce. */
export interface AnnounceState {
  pacing: TokenBucket
  /** Something new is to be said. */
  isPending: boolean
  /** Since when, if it is. */
  pendingSince: Millis
  lastSentAt: Millis | undefined
  /** The frame that carried it, until the peer is known to have it. */
  unconfirmed: UnconfirmedAnnounce | undefined
  /** Repeats of the present content. */
  resends: number
  /** Losses of the present content in a row that the medium told of. */
  losses: number
}

export interface Traffic {
  packetsSent: number
  bytesSent: number
  packetsReceived: number
  bytesReceived: number
}

export function noTraffic(): Traffic {
  return { packetsSent: 0, bytesSent: 0, packetsReceived: 0, bytesReceived: 0 }
}

/** The state of a link that is up; a restart of the peer begins it anew. */
export interface UpState {
  readonly since: Millis
  readonly epoch: Uint8Array
  readonly isInitiator: boolean
  /** When a frame last opened; undefined while none has, and none since the connection below ended. */
  heardAt: Millis | undefined
  /** It should have been heard by now, and is passed by until it is. */
  isSilent: boolean
  readonly tree: AnnounceState
  readonly filter: AnnounceState
  /** Whether we told it that it is our parent. */
  isToldParent: boolean
  /** It was told of no path to the root, for that is too long for the link. */
  isToldCut: boolean
  /**
   * The peer began new keys with a K bit that a rekey may have, and a link that begins anew as well. An announce of its
   * before this instant tells that it forgot the link: it announces itself when a link comes up, and not for a rekey.
   */
  mayHaveForgottenUntil: Millis
  /** It never said where it is in the tree: it is reached through us alone, and we speak for it. */
  isLeaf: boolean
  /** It let a rekey of ours go unanswered and is left with the keys it has. */
  isRekeyFutile: boolean
  /** Whether it was parent or child when last looked at: filters are due again when that turns. */
  wasTreePeer: boolean
}

export class Peer {
  readonly addr: NodeAddr
  readonly publicKey: PublicKey
  readonly linkId: LinkId
  readonly createdAt: Millis
  readonly keys: KeyRing
  readonly traffic: Traffic = noTraffic()
  /** Where it was last heard, or where we look for it. */
  path: LinkPath
  transport: TransportInfo
  timers: LinkTimers
  attempt: Attempt | undefined
  up: UpState | undefined
  lastReceivedAt: Millis | undefined
  lastSentAt: Millis | undefined
  lastHeartbeatAt: Millis | undefined
  /** When the peer last began a rekey: we do not begin one right after. */
  rekeyedByPeerAt: Millis | undefined
  replaySuppressed = 0
  /** Frames in a row that opened under no key. */
  decryptFailures = 0

  constructor(init: {
    readonly addr: NodeAddr
    readonly publicKey: PublicKey
    readonly linkId: LinkId
    readonly path: LinkPath
    readonly transport: TransportInfo
    readonly timers: LinkTimers
    readonly release: (session: LinkSession) => void
    readonly now: Millis
  }) {
    this.addr = init.addr
    this.publicKey = init.publicKey
    this.linkId = init.linkId
    this.path = init.path
    this.transport = init.transport
    this.timers = init.timers
    this.keys = new KeyRing(init.release)
    this.createdAt = init.now
  }
}
