/** A probe as the control socket tells of it. */
import {
  commonAncestor,
  commonDepth,
  npubOf,
  treeDistance,
  type Coordinates,
  type Millis,
  type NodeAddr,
  type PublicKey,
} from '../../core/index.ts'
import { ipv6Text, snakeCase, type JsonObject, type Names } from '../control/index.ts'
import type { Probe, Stage } from './stages.ts'

export interface ProbeTarget {
  readonly addr: NodeAddr
  readonly publicKey: PublicKey
}

export interface ReportContext {
  readonly id: number
  readonly target: ProbeTarget
  readonly names: Names
  readonly attemptTimeoutsSecs: readonly number[]
  /** How often a probe looks. */
  readonly tickMs: Millis
  readonly identityWasKnown: boolean
  readonly now: Millis
}

export function probeReport(probe: Probe, context: ReportContext): JsonObject {
  const { target, names } = context
  const { stages } = probe
  return {
    probe_id: context.id,
    target: {
      npub: npubOf(target.publicKey),
      node_addr: target.addr,
      display_name: names.displayName(target.addr, target.publicKey),
      ipv6_addr: ipv6Text(target.addr),
    },
    overall: probe.overall,
    elapsed_ms: Math.round((probe.endedAt ?? context.now) - probe.startedAt),
    tick_ms: context.tickMs,
    bloom: { ...stageJson(stages.bloom), fanout: probe.fanout },
    discovery: {
      ...stageJson(stages.discovery),
      source: probe.source,
      attempts: probe.attempts,
      attempt_timeouts_secs: context.attemptTimeoutsSecs,
    },
    path: { ...stageJson(stages.path), ...pathJson(probe, names) },
    session: { ...stageJson(stages.session), ...sessionJson(probe) },
    rtt: { ...stageJson(stages.rtt), ...rttJson(probe) },
    cleanup: {
      session_created_and_torn_down: probe.hungUp,
      session_left_intact: probe.leftIntact !== null,
      left_intact_reason: probe.leftIntact,
      lookup_issued: probe.fanout !== null,
      coords_were_cached: probe.first.reach.coordinates !== undefined,
      identity_was_cached: context.identityWasKnown,
      warmups_sent: probe.warmUps,
    },
  }
}

function stageJson({ verdict, reason, elapsedMs }: Stage): JsonObject {
  return { verdict, reason, detail: reason === 'send_error' ? NO_ROUTE : null, elapsed_ms: elapsedMs }
}

const NO_ROUTE = 'no route for the greeting'

/** Computed here from both positions: no hop beyond the first was asked. */
function pathJson({ sight }: Probe, names: Names): JsonObject {
  const { route, coordinates } = sight.reach
  const hop = route.type === 'forward' ? route : undefined
  return {
    computed_locally: true,
    observed: false,
    coords_known: coordinates !== undefined,
    ...treeJson(coordinates === undefined ? undefined : [sight.ownCoordinates, coordinates]),
    next_hop:
      hop === undefined
        ? null
        : {
            node_addr: hop.via,
            display_name: names.displayName(hop.via),
            class: snakeCase(hop.class.replaceAll('-', '_')),
            direct_peer: hop.class === 'direct-peer',
            leaves_tree_walk: ['tree-down-cross', 'crosslink-descend', 'crosslink-ascend'].includes(
              hop.class,
            ),
          },
    no_hop_reason: noHopReason(sight),
  }
}

function noHopReason({ reach, ownCoordinates }: Probe['sight']): string | null {
  switch (reach.route.type) {
    case 'forward':
      return null
    case 'local':
      return 'local'
    case 'unknown-position':
      return 'no_coords'
    case 'dead-end':
      return reach.coordinates?.at(-1) === ownCoordinates.at(-1) ? 'no_closer_peer' : 'disjoint_trees'
  }
}

function treeJson(both: readonly [Coordinates, Coordinates] | undefined): JsonObject {
  const [ours, theirs] = both ?? [[], []]
  const lca = both === undefined ? undefined : commonAncestor(ours, theirs)
  const lcaDepth = lca === undefined ? null : commonDepth(ours, theirs)
  const depthOf = (path: Coordinates): number => path.length - 1
  return {
    our_coords: ours,
    their_coords: theirs,
    our_depth: both === undefined ? null : depthOf(ours),
    their_depth: both === undefined ? null : depthOf(theirs),
    same_root: both === undefined ? null : lca !== undefined,
    lca: lca ?? null,
    lca_depth: lcaDepth,
    tree_hops_up: lcaDepth === null ? null : depthOf(ours) - lcaDepth,
    tree_hops_down: lcaDepth === null ? null : depthOf(theirs) - lcaDepth,
    tree_distance: lcaDepth === null ? null : treeDistance(ours, theirs),
  }
}

function sessionJson({ sight, stages, first }: Probe): JsonObject {
  const { session } = sight
  return {
    preexisting: first.session !== undefined || stages.session.reason === 'preexisting',
    established: session?.isEstablished ?? stages.session.verdict === 'ok',
    ...(session?.pathMtu === undefined ? {} : { path_mtu: session.pathMtu }),
  }
}

function rttJson({ reports, sight, stages }: Probe): JsonObject {
  const srttMs = sight.session?.srttMs
  return {
    ...(stages.rtt.verdict === 'ok' && reports.lastRttMs !== undefined
      ? { rtt_ms: Math.round(reports.lastRttMs) }
      : {}),
    ...(srttMs === undefined ? {} : { srtt_ms: srttMs }),
    reports_seen: reports.seen,
    samples: reports.rttSamples,
    zero_samples: reports.rttZero,
    arith_failures: reports.rttInvalid,
  }
}
