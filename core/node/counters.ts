/**
 * What the node counts: every frame or message it drops, by reason, and what it did. The names are the reference's
 * metrics in camelCase where it has one; the groups `link` and `handshake` are ours, for it only logs those.
 * Counters only grow and are read as plain numbers.
 */

type Group<Name extends string> = Record<Name, number>

const FORWARDING = [
  'receivedPackets',
  'receivedBytes',
  'decodeErrorPackets',
  'decodeErrorBytes',
  'warmMalformedPackets',
  'warmMalformedBytes',
  'ttlExhaustedPackets',
  'ttlExhaustedBytes',
  'deliveredPackets',
  'deliveredBytes',
  'forwardedPackets',
  'forwardedBytes',
  'dropNoRoutePackets',
  'dropNoRouteBytes',
  'dropMtuExceededPackets',
  'dropMtuExceededBytes',
  'dropSendErrorPackets',
  'dropSendErrorBytes',
  'originatedPackets',
  'originatedBytes',
  'routeTreeUp',
  'routeTreeDown',
  'routeTreeDownCross',
  'routeCrosslinkDescend',
  'routeCrosslinkAscend',
  'routeDirectPeer',
  /** Ours: handshake messages that had just crossed the same radio. */
  'dropRepeatedHandshakes',
  /** Ours: greetings of a node that too many greet. */
  'dropCrowdedPackets',
  'dropCrowdedBytes',
  /** Ours: what came twice together, over a link that loses frames. */
  'dropCopiedPackets',
  'dropCopiedBytes',
] as const

const DISCOVERY = [
  'reqReceived',
  'reqDecodeError',
  'reqDuplicate',
  'reqDedupCacheFull',
  'reqTargetIsUs',
  'reqForwarded',
  'reqTtlExhausted',
  'reqInitiated',
  'reqDeduplicated',
  'reqBackoffSuppressed',
  'reqForwardRateLimited',
  'reqBloomMiss',
  'reqNoTreePeer',
  'reqFallbackForwarded',
  'respReceived',
  'respDecodeError',
  'respForwarded',
  'respIdentityMiss',
  'respProofFailed',
  'respNoRoute',
  'respAccepted',
  'respTimedOut',
  /** An answer to nothing that is asked at the moment; the reference would take it. */
  'respUnsolicited',
] as const

const TREE = [
  'received',
  'decodeError',
  'unknownPeer',
  'addrMismatch',
  'sigFailed',
  'stale',
  'ancestryInvalid',
  'accepted',
  'loopDetected',
  'ancestryChanged',
  'sent',
  'rateLimited',
  'sendFailed',
  'outboundSignFailed',
  'parentSwitches',
  'parentLosses',
  'flapDampened',
  /** Ours: announces without the path, which is too long for the link, and announces of places deeper than we believe. */
  'pathsCut',
  'tooDeep',
  /** Ours: announces beyond what an honest neighbour ever sends. */
  'flooded',
] as const

const BLOOM = [
  'received',
  'decodeError',
  'invalid',
  'nonV1',
  'unknownPeer',
  'stale',
  'fillExceeded',
  'accepted',
  'sent',
  'debounceSuppressed',
  'sendFailed',
  /** Ours: as for the tree. */
  'flooded',
] as const

const CONGESTION = ['ceForwarded', 'ceReceived', 'congestionDetected', 'kernelDropEvents'] as const

const ERRORS = [
  'coordsRequired',
  'pathBroken',
  'mtuExceeded',
  'unboundCoords',
  'unboundBroken',
  'unboundMtu',
  'unboundForged',
  'pathMtuNotifBelowFloor',
  'mtuExceededBelowFloor',
  'lookupRespMtuBelowFloor',
  /** Ours: signals not sent, because one neighbour brought too much that calls for one. */
  'flooded',
] as const

/** Frames of the link layer that were dropped, by reason. */
const LINK = [
  'unknownTransport',
  'malformed',
  'payloadLenMismatch',
  'unknownIndex',
  'replayed',
  'decryptFailed',
  'unknownMessage',
  'malformedMessage',
  'sendTooBig',
  'sendNoKeys',
] as const

/** Handshake messages that were dropped, by reason, and how handshakes ended. */
const HANDSHAKE = [
  'msg1Received',
  'msg1Malformed',
  'msg1RateLimited',
  'msg1NotAccepted',
  'msg1NotListed',
  'msg1Denied',
  'msg1Banned',
  'msg1Ourselves',
  'msg1TieBroken',
  'msg1Answered',
  'msg1Repeated',
  'msg1Outdated',
  'maxPeersReached',
  'inboundCapExceeded',
  'msg2Received',
  'msg2UnknownConnection',
  'msg2Malformed',
  'timedOut',
  'completed',
  'rekeyCompleted',
  'rekeyAbandoned',
  'peerRestarts',
  'violators',
] as const

const MMP = ['decodeError', 'senderReports', 'receiverReports', 'sent'] as const

const SESSION = [
  'unknownSession',
  'badState',
  'addrMismatch',
  'rekeyTiebreak',
  'rekeyYielded',
  'ackHandshakeFailed',
  'setupRateLimited',
  'malformed',
  'replayed',
  'decryptFailed',
  'pendingRefused',
  'pendingDropped',
  'pendingExpired',
] as const

export interface Counters {
  readonly link: Group<(typeof LINK)[number]>
  readonly handshake: Group<(typeof HANDSHAKE)[number]>
  readonly tree: Group<(typeof TREE)[number]>
  readonly bloom: Group<(typeof BLOOM)[number]>
  readonly mmp: Group<(typeof MMP)[number]>
  readonly forwarding: Group<(typeof FORWARDING)[number]>
  readonly discovery: Group<(typeof DISCOVERY)[number]>
  readonly congestion: Group<(typeof CONGESTION)[number]>
  readonly errors: Group<(typeof ERRORS)[number]>
  readonly session: Group<(typeof SESSION)[number]>
}

export function createCounters(): Counters {
  return {
    link: zeroed(LINK),
    handshake: zeroed(HANDSHAKE),
    tree: zeroed(TREE),
    bloom: zeroed(BLOOM),
    mmp: zeroed(MMP),
    forwarding: zeroed(FORWARDING),
    discovery: zeroed(DISCOVERY),
    congestion: zeroed(CONGESTION),
    errors: zeroed(ERRORS),
    session: zeroed(SESSION),
  }
}

function zeroed<Name extends string>(names: readonly Name[]): Group<Name> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries forgets the keys it was given
  return Object.fromEntries(names.map((name) => [name, 0])) as Group<Name>
}
