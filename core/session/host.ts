/** What a session needs of the node around it. */
import type { Coordinates } from '../coordinates.ts'
import type { Identity, NodeAddr } from '../identity/index.ts'
import type { FrameClass } from '../link.ts'
import type { NodeConfig } from '../node/config.ts'
import type { Counters } from '../node/counters.ts'
import type { Rng } from '../random.ts'
import type { Millis } from '../time.ts'
import type { Pace } from './pace.ts'
import type { Session } from './session.ts'

export interface SessionHost {
  readonly identity: Identity
  readonly rng: Rng
  readonly config: NodeConfig
  readonly counters: Counters
  /** Random bytes of this start of the node: by them a peer sees that we restarted. */
  readonly epoch: Uint8Array
  ownCoordinates(): Coordinates
  /** Where a node is; our own position when we do not know (the datagram then finds its way by the cache of others). */
  coordinatesOf(addr: NodeAddr, now: Millis): Coordinates
  /** Sends a session payload on its way. False when there is no route or the first link does not take it. */
  send(to: NodeAddr, payload: Uint8Array, frameClass: FrameClass, now: Millis): boolean
  /** Whether a node is next to us: then no router on the way needs positions. */
  isNeighbour(addr: NodeAddr): boolean
  /** Whether what this neighbour brings may come in copies. */
  mayCopy(via: NodeAddr): boolean
  /** The largest frame the first link towards a node takes; undefined without a route. */
  firstLinkMtu(to: NodeAddr, now: Millis): number | undefined
  /** How fast this session may move, by its first link and by what it measured. */
  pace(session: Session, now: Millis): Pace
}
