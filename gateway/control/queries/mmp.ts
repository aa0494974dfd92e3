/** `show_mmp`: measurements of links and sessions with their trends. */
import type { LinkMmpView, SessionView } from '../../../core/index.ts'
import type { ControlHost } from '../host.ts'
import { defined, type JsonObject } from '../json.ts'
import { metricsJson } from './metrics-json.ts'

export function showMmp(host: ControlHost): JsonObject {
  return {
    peers: host.views.mmp().map((link) => linkJson(host, link)),
    sessions: host.views.mesh.sessions().flatMap((session) => sessionJson(host, session)),
  }
}

function linkJson(host: ControlHost, link: LinkMmpView): JsonObject {
  return {
    peer: link.peer,
    display_name: host.names.displayName(link.peer),
    mode: link.mode,
    link_layer: {
      ...metricsJson(link, 'lqi'),
      ...defined({
        spin_bit_role: link.spinBitRole,
        ecn_ce_count: link.ceCount,
        rtt_trend: link.rttTrend,
        loss_trend: link.lossTrend,
        goodput_trend: link.goodputTrend,
        jitter_trend: link.jitterTrend,
      }),
    },
  }
}

function sessionJson(host: ControlHost, session: SessionView): readonly JsonObject[] {
  if (session.mmp === undefined) return []
  return [
    {
      remote: session.remoteAddr,
      display_name: host.names.displayName(session.remoteAddr, session.publicKey),
      mode: session.mmp.mode,
      session_layer: { ...metricsJson(session.mmp, 'sqi'), path_mtu: session.mmp.pathMtu },
    },
  ]
}
