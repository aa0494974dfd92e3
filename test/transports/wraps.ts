/** The middleware every transport is tested under. */
import { withFaults, withPcap, withTrace } from '../../transports/index.ts'
import type { Clock } from '../../core/index.ts'
import type { Wrap } from '../contract/transport.ts'

/** Each keeps the contract: faults are armed with none, capture and trace only look on. */
export function harmlessWraps(clock: Clock): readonly { readonly name: string; readonly wrap: Wrap }[] {
  return [
    { name: 'bare', wrap: (transport) => transport },
    { name: 'under faults', wrap: (transport) => withFaults(transport, { clock, seed: 1 }) },
    { name: 'under trace', wrap: (transport) => withTrace(transport, () => {}, clock) },
    { name: 'under pcap', wrap: (transport) => withPcap(transport, () => {}) },
  ]
}
