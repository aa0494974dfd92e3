/** What an operator may see of the mesh half. */
import type {
  CoordinateCacheEntryView,
  IdentityCacheEntryView,
  MeshViews,
  ReachView,
  RoutingView,
  SessionView,
} from '../node/views.ts'
import { originTargets } from '../lookup/index.ts'
import type { NodeAddr } from '../identity/index.ts'
import { chooseRoute, classifyRoute } from '../routing/index.ts'
import type { Session, Sessions } from '../session/index.ts'
import type { Millis } from '../time.ts'
import type { MeshContext } from './context.ts'
import type { Lookups } from './lookups.ts'
import type { Outbound } from './outbound.ts'

export interface ViewSources {
  readonly sessions: Sessions
  readonly lookups: Lookups
  readonly outbound: Outbound
  /** The instant of the node's last step. */
  now(): Millis
}

export class Views implements MeshViews {
  readonly #context: MeshContext
  readonly #from: ViewSources

  constructor(context: MeshContext, from: ViewSources) {
    this.#context = context
    this.#from = from
  }

  sessions(): readonly SessionView[] {
    return Array.from(this.#from.sessions.all(), sessionView)
  }

  coordinateCache(): readonly CoordinateCacheEntryView[] {
    return Array.from(this.#context.positions.entries(this.#from.now()), ([nodeAddr, position]) => ({
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
      pendingLookups: [...this.#from.lookups.pending()],
      pendingPackets: this.#from.outbound.pendingItems,
      pendingDestinations: this.#from.outbound.pendingDestinations,
      recentRequests: this.#from.lookups.recentRequests,
    }
  }

  reach(addr: NodeAddr): ReachView {
    const { link, positions } = this.#context
    const now = this.#from.now()
    const neighbour = link.neighbour(addr)
    const coordinates = neighbour?.coordinates ?? positions.peek(addr, now)?.coordinates
    const position = link.ownCoordinates()
    const route = chooseRoute({
      position,
      destination: addr,
      destinationPosition: coordinates,
      neighbours: link.neighbours(),
    })
    return {
      coordinates,
      isNeighbour: neighbour?.canSend === true,
      route:
        route.type === 'forward'
          ? {
              type: 'forward',
              via: route.via.addr,
              class: classifyRoute(position, addr, coordinates, route.via),
            }
          : { type: route.type },
      lookupPeers: originTargets(addr, link.neighbours()).length,
      isSlow: (route.type === 'forward' ? [route.via] : [...link.neighbours()]).some(
        ({ profile }) => profile === 'constrained',
      ),
    }
  }
}

function sessionView(session: Session): SessionView {
  return {
    remoteAddr: session.remote,
    publicKey: session.publicKey,
    state: session.state,
    isInitiator: session.isInitiator,
    createdAt: session.createdAt,
    startedAt: session.isEstablished ? session.keysSince : session.createdAt,
    lastActivityAt: session.lastActivityAt,
    currentKeyEpoch: session.epochs.keyBit,
    isDraining: session.epochs.isDraining,
    coordsWarmupRemaining: session.warmupRemaining,
    stats: { ...session.stats },
    mmp: session.isEstablished ? session.measurement.view() : undefined,
  }
}
