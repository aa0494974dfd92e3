/** The radio link layer as its host sees it: inputs with a time go in, effects come out, as in core. */
import type { FrameClass, Millis, PublicKey, Rng } from '../../core/index.ts'
import type { AirtimeBudget } from './budget.ts'
import type { StationId } from './station.ts'
import type { RadioTiming } from './timing.ts'

export interface RadioLinkOptions {
  readonly station: StationId
  readonly publicKey: PublicKey
  /** Station of a public key, for beacons. */
  readonly stationOfKey: (publicKey: PublicKey) => StationId
  readonly timing: RadioTiming
  readonly budget: AirtimeBudget
  readonly rng: Rng
  /** Beacons of other networks are ignored. */
  readonly networkId: number
  /** What the beacon says we can do; opaque here. */
  readonly capabilities: number
  /** Whether to announce ourselves at all. */
  readonly beacon: boolean
  /** A station that is not known costs no answer and no state. */
  readonly isKnown: (station: StationId) => boolean
}

export type RadioInput =
  | {
      readonly type: 'send'
      readonly to: StationId
      /** Copied by the link. */
      readonly frame: Uint8Array
      readonly frameClass: FrameClass
    }
  | {
      readonly type: 'receive'
      /** Needs to be valid only during `step`. */
      readonly payload: Uint8Array
      readonly rssiDbm: number
      readonly snrDb: number
    }
  /** A `transmit` has left the antenna, or never will. */
  | { readonly type: 'transmitted'; readonly id: number; readonly ok: boolean; readonly airtimeMs: Millis }
  /** The modem is ready; with its timing when that changed. Initially down. */
  | { readonly type: 'up'; readonly timing?: RadioTiming }
  /** The modem is gone, and with it what was queued and half received. */
  | { readonly type: 'down' }
  | { readonly type: 'tick' }

export type RadioOutput =
  /** Hand to the modem, and report `transmitted` with the id. */
  | { readonly type: 'transmit'; readonly id: number; readonly payload: Uint8Array }
  /** A whole FMP frame has arrived. */
  | {
      readonly type: 'frame'
      readonly from: StationId
      readonly frame: Uint8Array
      readonly rssiDbm: number
      readonly snrDb: number
    }
  /** Answer to the `send` of this step. */
  | { readonly type: 'verdict'; readonly result: 'queued' | 'full' | 'too-large' | 'down' | 'no-route' }
  /** A frame reached the neighbour's link layer. */
  | {
      readonly type: 'delivered'
      readonly to: StationId
      readonly frame: Uint8Array
      readonly frameClass: FrameClass
    }
  /** A frame will not be sent (again). */
  | {
      readonly type: 'lost'
      readonly to: StationId
      readonly frame: Uint8Array
      readonly frameClass: FrameClass
      readonly reason: LossReason
    }
  /** A station announced itself. Unproven. */
  | {
      readonly type: 'station'
      readonly station: StationId
      readonly publicKey: PublicKey
      readonly capabilities: number
    }

export type LossReason = 'no-ack' | 'aged' | 'replaced' | 'displaced' | 'unfit' | 'board-lost'

/** What has been on the air from here. */
export interface AirCounters {
  frames: number
  bytes: number
  ms: Millis
}
