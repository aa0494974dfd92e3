/**
 * The way between this host's programs and the node. With a network interface packets go through it; without one the
 * node still forwards for others, answers pings and can ping.
 */
import type { NodeInput, UndeliverableReason } from '../../core/index.ts'
import type { TunFacts } from '../control/index.ts'
import { echoReply, parseEcho } from './echo.ts'

export interface HostNetwork {
  facts(): TunFacts
  /** A packet of the mesh for this host. */
  deliver(packet: Uint8Array): void
  /** A packet of this host that could not go. */
  undeliverable(packet: Uint8Array, reason: UndeliverableReason, mtu: number | undefined): void
  close(): Promise<void>
}

/** No interface: echo requests are answered here, everything else has nobody to go to. */
export function withoutInterface(facts: TunFacts, step: (input: NodeInput) => void): HostNetwork {
  return {
    facts: () => facts,
    deliver(packet) {
      if (parseEcho(packet)?.type === 'request') step({ type: 'packet', packet: echoReply(packet) })
    },
    undeliverable: () => undefined,
    close: () => Promise.resolve(),
  }
}
