/** Every frame or message that failed a check, by layer and reason; reasons that never happened are left out. */
import type { Counters } from '../../core/index.ts'
import type { TransportFacts } from './host.ts'
import { snakeCase, type JsonObject } from './json.ts'

/** Names in a group that count a good ending, not a refusal. */
const NOT_DROPS: ReadonlySet<string> = new Set([
  'msg1Received',
  'msg1Answered',
  'msg1Repeated',
  'msg2Received',
  'completed',
  'rekeyCompleted',
  'peerRestarts',
])

/** In groups that mostly count what went well: the names of what failed a check. */
const FAILED_CHECKS: ReadonlySet<string> = new Set([
  'decodeError',
  'unknownPeer',
  'addrMismatch',
  'sigFailed',
  'ancestryInvalid',
  'invalid',
  'nonV1',
  'fillExceeded',
  'reqDecodeError',
  'respDecodeError',
  'respIdentityMiss',
  'respProofFailed',
  'respUnsolicited',
  'decodeErrorPackets',
  'warmMalformedPackets',
  'ttlExhaustedPackets',
  'unboundCoords',
  'unboundBroken',
  'unboundMtu',
  'unboundForged',
  'pathMtuNotifBelowFloor',
  'mtuExceededBelowFloor',
  'lookupRespMtuBelowFloor',
])

export function droppedFrames(counters: Counters, transports: readonly TransportFacts[]): JsonObject {
  const medium: Record<string, number> = {}
  for (const { stats } of transports) {
    for (const [reason, count] of Object.entries(stats.drops)) {
      medium[reason] = (medium[reason] ?? 0) + count
    }
  }
  return {
    medium: reasons(medium, () => true),
    link: reasons(counters.link, isDrop),
    handshake: reasons(counters.handshake, isDrop),
    tree: reasons(counters.tree, failedCheck),
    bloom: reasons(counters.bloom, failedCheck),
    discovery: reasons(counters.discovery, failedCheck),
    forwarding: reasons(counters.forwarding, failedCheck),
    errors: reasons(counters.errors, failedCheck),
    session: reasons(counters.session, isDrop),
    mmp: reasons(counters.mmp, failedCheck),
  }
}

const isDrop = (name: string): boolean => !NOT_DROPS.has(name)
const failedCheck = (name: string): boolean => FAILED_CHECKS.has(name)

function reasons(group: Readonly<Record<string, number>>, counts: (name: string) => boolean): JsonObject {
  const entries = Object.entries(group).filter(([name, count]) => count > 0 && counts(name))
  return Object.fromEntries(entries.map(([name, count]) => [snakeCase(name), count]))
}
