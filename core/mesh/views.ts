/** What an operator may see of the mesh half. */
import type {
  CoordinateCacheEntryView,
  IdentityCacheEntryView,
  MeshViews,
  RoutingView,
  SessionView,
} from '../node/views.ts'
import type { Session, Sessions } from '../session/index.ts'
import type { Millis } from '../time.ts'
import type { MeshContext } from './context.ts'
import type { Lookups } from './lookups.ts'
import type { Outbound } from './outbound.ts'

export class Views implements MeshViews {
  readonly #context: MeshContext
  readonly #sessions: Sessions
  readonly #lookups: Lookups
  readonly #outbound: Outbound
  readonly #now: () => Millis

  /** `now`: the instant of the node's last step. */
  constructor(
    context: MeshContext,
    sessions: Sessions,
    lookups: Lookups,
    outbound: Outbound,
    now: () => Millis,
  ) {
    this.#context = context
    this.#sessions = sessions
    this.#lookups = lookups
    this.#outbound = outbound
    this.#now = now
  }

  sessions(): readonly SessionView[] {
    return Array.from(this.#sessions.all(), sessionView)
  }

  coordinateCache(): readonly CoordinateCacheEntryView[] {
    return Array.from(this.#context.positions.entries(this.#now()), ([nodeAddr, position]) => ({
      nodeAddr,
      coordinates: position.coordinates,
      pathMtu: position.pathMtu,
      insertedAt: position.insertedAt,
      lastUsedAt: position.lastUsedAt,
    }))
  }

  identityCache(): readonly IdentityCacheEntryView[] {
    return Array.from(this.#context.identities.entries(), (known) => ({
      nodeAddr: known.addr,
      publicKey: known.publicKey,
      lastSeenAt: known.lastSeenAt,
    }))
  }

  routing(): RoutingView {
    return {
      pendingLookups: [...this.#lookups.pending()],
      pendingPackets: this.#outbound.pendingItems,
      pendingDestinations: this.#outbound.pendingDestinations,
      recentRequests: this.#lookups.recentRequests,
    }
  }
}

function sessionView(session: Session): SessionView {
  return {
    remoteAddr: session.remote,
    publicKey: session.publicKey,
    state: session.state,
    isInitiator: session.isInitiator,
    startedAt: session.isEstablished ? session.keysSince : session.createdAt,
    lastActivityAt: session.lastActivityAt,
    currentKeyEpoch: session.epochs.keyBit,
    isDraining: session.epochs.isDraining,
    coordsWarmupRemaining: session.warmupRemaining,
    stats: { ...session.stats },
    mmp: session.isEstablished ? session.measurement.view() : undefined,
  }
}
