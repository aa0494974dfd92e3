/** What the demo shows and reports: a snapshot of the whole island. */
import type { Millis } from '../../core/index.ts'

export interface IslandState {
  /** Radio time since the start. */
  readonly elapsedMs: Millis
  readonly nodes: readonly NodeRow[]
  readonly links: readonly LinkRow[]
  readonly pings: readonly PingRow[]
  readonly air: AirTotals
  /** Share of the last minute in which the channel was busy, 0..1. */
  readonly channelLoad: number
}

export interface NodeRow {
  readonly name: string
  readonly npub: string
  readonly media: string
  /** Name of its parent in the tree; its own name for the root; undefined before it has a position. */
  readonly parent: string | undefined
  readonly depth: number | undefined
}

export interface LinkRow {
  readonly from: string
  readonly to: string
  readonly npub: string
  readonly medium: string
  readonly rssiDbm?: number
  readonly snrDb?: number
  /** When the link stood, radio time. */
  readonly upAtMs: Millis
}

/** One pair, pinged end to end with ICMPv6 through the sessions of both ends. */
export interface PingRow {
  readonly from: string
  readonly to: string
  /** Links between the two along the route in use. */
  readonly hops: number
  /** Round trip of the last answered ping in radio time; null before the first. */
  readonly rttMs: number | null
  readonly ok: boolean
}

export interface AirTotals {
  readonly frames: number
  readonly bytes: number
  readonly ms: number
}

/** The object of `npm start -- --once --json`. */
export interface DemoReport {
  readonly links: readonly LinkRow[]
  readonly pings: readonly PingRow[]
  readonly air: AirTotals
  readonly ok: boolean
}

/** Ok when there is a ping and every pair has answered. */
export function reportOf(state: IslandState): DemoReport {
  const ok = state.pings.length > 0 && state.pings.every((ping) => ping.ok)
  return { links: state.links, pings: state.pings, air: state.air, ok }
}
