/** A mesh half that does nothing, for tests of the link half alone. */
import type { MeshLayer } from '../../core/index.ts'

export function nullMesh(): MeshLayer {
  return {
    linkMessage: () => undefined,
    input: () => undefined,
    neighbourUp: () => undefined,
    neighbourDown: () => undefined,
    coordinatesChanged: () => undefined,
    tick: () => undefined,
    deadline: () => undefined,
    shutdown: () => undefined,
    views: {
      sessions: () => [],
      coordinateCache: () => [],
      identityCache: () => [],
      routing: () => ({ pendingLookups: [], pendingPackets: 0, pendingDestinations: 0, recentRequests: 0 }),
    },
  }
}
