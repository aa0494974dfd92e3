/** What a packet costs in the node itself, for each crypto provider: sealing, opening, and each step of its way. */
import type { Crypto } from '../../core/index.ts'
import { BenchPath, PACKET_SIZE } from './host-line.ts'
import { measure, type Effort, type Variant } from './measure.ts'
import { atMost, type Row } from './report.ts'

const FORWARD_TARGET_US = 25
const KEY_SIZE = 32
const TAG_SIZE = 16
const AAD_SIZE = 16

/** The steps of a packet of `PACKET_SIZE` bytes; each makes ready what it works on. */
interface Step {
  readonly id: string
  readonly what: string
  readonly variant: (crypto: Crypto) => Variant['prepare']
  readonly limit?: number
}

const STEPS: readonly Step[] = [
  { id: 'seal', what: 'seal 1200 B', variant: sealing },
  { id: 'open', what: 'open 1200 B', variant: opening },
  { id: 'forward', what: 'forward', variant: forwarding, limit: FORWARD_TARGET_US },
  {
    id: 'forward-mesh',
    what: 'forward, 10 neighbours, not the last hop',
    variant: forwardingInMesh,
    limit: FORWARD_TARGET_US,
  },
  { id: 'originate', what: 'host packet to sealed frame', variant: originating },
  { id: 'deliver', what: 'sealed frame to host packet', variant: delivering },
]

/** Rows in µs of processor time; the first provider has to meet the targets. */
export function coreRows(providers: readonly Crypto[], effort: Effort): Row[] {
  const first = providers[0]?.name ?? ''
  return STEPS.map(({ id, what, variant, limit }) => {
    const variants = providers.map((crypto) => ({ name: crypto.name, prepare: variant(crypto) }))
    return {
      id,
      what,
      unit: 'µs',
      figures: Object.fromEntries(measure(variants, effort)),
      ...(limit === undefined ? {} : { target: atMost(limit, first) }),
    }
  })
}

function sealing(crypto: Crypto): Variant['prepare'] {
  const cipher = crypto.cipher(new Uint8Array(KEY_SIZE))
  const aad = new Uint8Array(AAD_SIZE)
  const output = new Uint8Array(PACKET_SIZE + TAG_SIZE)
  const plaintext = output.subarray(0, PACKET_SIZE)
  let counter = 0n
  return (packets) => () => {
    for (let i = 0; i < packets; i++) cipher.sealInto(counter++, aad, plaintext, output)
  }
}

function opening(crypto: Crypto): Variant['prepare'] {
  const cipher = crypto.cipher(new Uint8Array(KEY_SIZE))
  const aad = new Uint8Array(AAD_SIZE)
  const sealed = cipher.seal(0n, aad, new Uint8Array(PACKET_SIZE))
  return (packets) => () => {
    for (let i = 0; i < packets; i++)
      if (cipher.open(0n, aad, sealed) === undefined) throw new Error('does not open')
  }
}

function originating(crypto: Crypto): Variant['prepare'] {
  return stepOf(crypto, 0, { nodes: 3, leaves: 0 })
}

function forwarding(crypto: Crypto): Variant['prepare'] {
  return stepOf(crypto, 1, { nodes: 3, leaves: 0 })
}

function forwardingInMesh(crypto: Crypto): Variant['prepare'] {
  return stepOf(crypto, 1, { nodes: 4, leaves: 8 })
}

function delivering(crypto: Crypto): Variant['prepare'] {
  return stepOf(crypto, 2, { nodes: 3, leaves: 0 })
}

/** The work of one node of a path; the nodes before it do theirs in the preparation. */
function stepOf(
  crypto: Crypto,
  position: number,
  options: { readonly nodes: number; readonly leaves: number },
): Variant['prepare'] {
  const path = new BenchPath(crypto, options)
  return (packets) => {
    path.rest()
    let inputs = path.packets(packets)
    for (let before = 0; before < position; before++) inputs = path.onward(before, inputs)
    if (inputs.length < packets) throw new Error(`${inputs.length} of ${packets} packets came through`)
    return () => {
      const done = path.count(position, inputs)
      if (done < packets) throw new Error(`only ${done} of ${packets} packets went on`)
    }
  }
}
