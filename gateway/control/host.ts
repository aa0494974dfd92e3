/** What the queries and commands of the control socket are answered from. The daemon implements it; tests fake it. */
import type {
  Identity,
  Millis,
  NodeAddr,
  NodeViews,
  PublicKey,
  TransportId,
  TransportKind,
} from '../../core/index.ts'
import type { TransportStats } from '../../transports/index.ts'
import type { StatsHistory } from '../stats/index.ts'
import type { Json, JsonObject } from './json.ts'
import type { Names } from './names.ts'

export interface ControlHost {
  readonly identity: Identity
  readonly views: NodeViews
  readonly names: Names
  readonly history: StatsHistory
  readonly facts: HostFacts
  /** An instant of the node's clock as Unix milliseconds. */
  unixMs(instant: Millis): number
  now(): Millis
  transports(): readonly TransportFacts[]
  tun(): TunFacts
  access(): AccessFacts
  /** Key of a node's name, by aliases and the hosts file. */
  find(name: string): PublicKey | undefined
  /** Rejects with a ControlError. */
  connect(peer: PublicKey, npub: string, transport: string, address: string): JsonObject
  disconnect(peer: PublicKey, npub: string): JsonObject
  ping(request: PingRequest): Promise<PingReply>
  readonly probes: ProbeDesk
}

/** Where probes are asked for. Each rejects with a ControlError. */
export interface ProbeDesk {
  start(publicKey: PublicKey): JsonObject
  poll(id: number): JsonObject
  cancel(id: number): JsonObject
}

/** What does not change while the daemon runs. */
export interface HostFacts {
  readonly version: string
  readonly pid: number
  readonly exePath: string
  readonly controlSocket: string
  readonly startedAt: Millis
  /** The identity survives a restart. */
  readonly persistent: boolean
}

export interface TransportFacts {
  readonly id: TransportId
  readonly kind: TransportKind
  readonly name: string | undefined
  readonly state: 'starting' | 'up' | 'down' | 'failed'
  /** Why it is not up. */
  readonly reason: string | undefined
  readonly mtu: number
  readonly localAddr: string
  readonly stats: TransportStats
  /** What only this kind has, such as neighbours and airtime of a radio. */
  readonly detail: Readonly<Record<string, Json>>
}

export interface TunFacts {
  readonly state: 'active' | 'disabled' | 'failed'
  readonly name: string
  /** Why it failed. */
  readonly reason?: string
}

/** `peers.allow` and `peers.deny` as they are in force. */
export interface AccessFacts {
  readonly allowFile: string
  readonly denyFile: string
  /** As written, including aliases and ALL. */
  readonly allowFileEntries: readonly string[]
  readonly denyFileEntries: readonly string[]
  readonly allow: readonly PublicKey[]
  readonly deny: readonly PublicKey[]
  readonly allowAll: boolean
  readonly denyAll: boolean
}

export interface PingRequest {
  readonly peer: PublicKey
  readonly sequence: number
  readonly payloadBytes: number
  readonly timeout: Millis
}

export type PingReply =
  | { readonly type: 'reply'; readonly rtt: Millis; readonly bytes: number; readonly from: NodeAddr }
  | { readonly type: 'timeout' }
  | { readonly type: 'undeliverable'; readonly reason: string }

/** A request that cannot be served; the message is the whole error reply. */
export class ControlError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ControlError'
  }
}
