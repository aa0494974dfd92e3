/** `show_sessions`: end-to-end sessions. */
import { npubOf, type SessionView } from '../../../core/index.ts'
import type { ControlHost } from '../host.ts'
import { defined, type JsonObject } from '../json.ts'
import { metricsJson } from './metrics-json.ts'
import { trafficJson } from './peers.ts'

const STATES: Readonly<Record<SessionView['state'], string>> = {
  initiating: 'initiating',
  'awaiting-msg3': 'awaiting_msg3',
  established: 'established',
}

export function showSessions(host: ControlHost): JsonObject {
  return { sessions: host.views.mesh.sessions().map((session) => sessionJson(host, session)) }
}

function sessionJson(host: ControlHost, session: SessionView): JsonObject {
  const established = session.state === 'established'
  return defined({
    remote_addr: session.remoteAddr,
    npub: session.publicKey === undefined ? undefined : npubOf(session.publicKey),
    display_name: host.names.displayName(session.remoteAddr, session.publicKey),
    state: STATES[session.state],
    is_initiator: session.isInitiator,
    last_activity_ms: host.unixMs(session.lastActivityAt),
    stats: trafficJson(session.stats),
    session_start_ms: established ? host.unixMs(session.startedAt) : undefined,
    current_k_bit: established ? session.currentKeyEpoch : undefined,
    coords_warmup_remaining: established ? session.coordsWarmupRemaining : undefined,
    is_draining: established ? session.isDraining : undefined,
    mmp:
      session.mmp === undefined
        ? undefined
        : { mode: session.mmp.mode, path_mtu: session.mmp.pathMtu, ...metricsJson(session.mmp, 'sqi') },
  })
}
