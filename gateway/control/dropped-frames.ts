/** Every frame that failed a check, by layer and reason; reasons that never happened are left out. */
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

export function droppedFrames(counters: Counters, transports: readonly TransportFacts[]): JsonObject {
  const medium: Record<string, number> = {}
  for (const { stats } of transports) {
    for (const [reason, count] of Object.entries(stats.drops)) {
      medium[reason] = (medium[reason] ?? 0) + count
    }
  }
  return {
    medium: happened(medium),
    link: happened(counters.link),
    handshake: happened(counters.handshake),
    session: happened(counters.session),
    mmp: happened({ decodeError: counters.mmp.decodeError }),
  }
}

function happened(group: Readonly<Record<string, number>>): JsonObject {
  const entries = Object.entries(group).filter(([name, count]) => count > 0 && !NOT_DROPS.has(name))
  return Object.fromEntries(entries.map(([name, count]) => [snakeCase(name), count]))
}
