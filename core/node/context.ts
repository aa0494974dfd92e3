/** What the parts of the link half share. `FipsNode` builds it; nothing outside core/node sees it. */
import type { Crypto } from '../crypto/index.ts'
import type { Identity, NodeAddr } from '../identity/index.ts'
import type { TransportId, TransportInfo } from '../link.ts'
import type {
  AccessLists,
  LinkSession,
  LinkTimerTable,
  Peer,
  SessionIndexes,
  Traffic,
} from '../peer/index.ts'
import type { Rng } from '../random.ts'
import type { Millis, UnixSeconds } from '../time.ts'
import type { NodeOutput } from './api.ts'
import type { NodeConfig } from './config.ts'
import type { Counters } from './counters.ts'
import type { TimerTable } from './timers.ts'
import type { Violations } from './violations.ts'

/** Everything that happens by time. The subject is a NodeAddr, or NODE for what concerns the node as a whole. */
export type TimerKind =
  | 'dial'
  | 'handshake-resend'
  | 'handshake-timeout'
  | 'half-open'
  | 'rekey'
  | 'drain'
  | 'heartbeat'
  | 'dead'
  | 'silence'
  | 'tree-announce'
  | 'tree-resend'
  | 'filter-announce'
  | 'filter-resend'
  | 'report'
  | 'leaf'
  | 'reevaluate'

export const NODE = 'node'

export type TimerSubject = NodeAddr | typeof NODE

export type IndexOwner =
  | { readonly type: 'attempt'; readonly peer: Peer }
  | { readonly type: 'session'; readonly peer: Peer; readonly session: LinkSession }

/** A transport that is up, with what passed over it. */
export interface TransportState {
  readonly info: TransportInfo
  /** The host loses frames of it before they get here. */
  isDropping: boolean
  readonly traffic: Traffic
}

export interface NodeContext {
  readonly identity: Identity
  readonly crypto: Crypto
  readonly rng: Rng
  readonly config: NodeConfig
  readonly linkTimers: LinkTimerTable
  readonly counters: Counters
  readonly timers: TimerTable<TimerKind, TimerSubject>
  readonly transports: Map<TransportId, TransportState>
  /** Everyone we have a handshake or a link with: at most `limits.maxLinks`, and when full nobody new is taken. */
  readonly peers: Map<NodeAddr, Peer>
  readonly indexes: SessionIndexes<IndexOwner>
  readonly accessLists: AccessLists
  readonly violations: Violations
  /** Drawn at the start: tells peers that we restarted. */
  readonly epoch: Uint8Array
  readonly wallClock: (now: Millis) => UnixSeconds
  readonly emit: (output: NodeOutput) => void
}
