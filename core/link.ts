/** Identifiers shared by core and the transports below it. */

/** A transport medium, named as in the configuration file. */
export type TransportKind = 'udp' | 'tcp' | 'ethernet' | 'tor' | 'ble' | 'serial' | 'lora' | 'memory'

/** One configured transport of this node, numbered from 1 in the order of the configuration. */
export type TransportId = number

/**
 * Where a frame goes on a transport, in the transport's own notation: `host:port` for UDP, the port's path for
 * serial, the neighbour's station id (8 hex digits) for LoRa. Opaque to core, compared as a string.
 */
export type TransportAddr = string

/** One link to a peer, unique in the life of a node. */
export type LinkId = number

/**
 * How chatty a link may be. `stock` runs the reference's timers; `constrained` is for media whose airtime is
 * precious: no reports, heartbeats after minutes of silence, rekeys twice a day, announces coalesced.
 */
export type LinkProfile = 'stock' | 'constrained'

/** What core needs to know of a transport. */
export interface TransportInfo {
  readonly id: TransportId
  readonly kind: TransportKind
  /** Operator's name for the instance, when several of a kind exist. */
  readonly name?: string
  /** Largest FMP frame in bytes that `send` takes. */
  readonly mtu: number
  readonly profile: LinkProfile
  readonly admission: AdmissionPolicy
}

/** Who may become a peer over a transport. `peers.deny` wins over everything else. */
export interface AdmissionPolicy {
  /** Answer handshakes from outside at all. */
  readonly acceptConnections: boolean
  /** Dial stations that announce themselves on the medium. */
  readonly autoConnect: boolean
  /**
   * Require the stranger to be listed (a configured peer or `peers.allow`). Default on radio and serial; a
   * stranger who is not listed gets no answer and leaves no state.
   */
  readonly listedOnly: boolean
}

/**
 * What a frame is, for media that schedule by importance. In falling priority; core stamps every frame it sends.
 */
export type FrameClass = 'handshake' | 'tree' | 'interactive' | 'filter' | 'bulk' | 'report'
