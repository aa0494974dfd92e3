/** What reads packets, queries and files of this host. */
import { Identity, npubOf } from '../../core/index.ts'
import { parseHosts, parsePeerList } from '../../gateway/access/index.ts'
import { answerQuery } from '../../gateway/dns/index.ts'
import { echoRequest, HostEdge, parseIpv6, readIcmp } from '../../gateway/ipv6/index.ts'
import type { FuzzedDecoder } from './decoders.ts'

const NODE = Identity.fromSecret(new Uint8Array(32).fill(9))
const FAR = parseIpv6('fd00::2') ?? NODE.ipv6
const PING = echoRequest({
  source: NODE.ipv6,
  destination: FAR,
  id: 1,
  sequence: 2,
  data: new Uint8Array(20),
})
const SYN = Uint8Array.from(
  PING,
  (byte, i) => ({ 6: 6, 52: 0x60, 53: 2, 60: 2, 61: 4, 62: 5, 63: 0xa0 })[i] ?? byte,
)
/** AAAA of `gate.fips`. */
const QUERY = Uint8Array.of(
  0,
  1,
  1,
  0,
  0,
  1,
  0,
  0,
  0,
  0,
  0,
  0,
  4,
  ...text('gate'),
  4,
  ...text('fips'),
  0,
  0,
  28,
  0,
  1,
)
const LINES = text(`gate ${npubOf(NODE.publicKey)}\n# x\nALL\n`)

export const HOST_READERS: readonly FuzzedDecoder[] = [
  {
    name: 'packets of the host and for it',
    run: (input) => {
      const edge = new HostEdge({ address: NODE.ipv6, linkMtu: () => 1357, pathMtu: () => undefined })
      readIcmp(input)
      edge.fromHost(Uint8Array.from(input), 0)
      edge.fromMesh(Uint8Array.from(input))
      edge.undeliverable(input, 'no-route', undefined, 1000)
    },
    seeds: [PING, SYN],
  },
  {
    name: 'DNS query',
    run: (input) => answerQuery(input, { ttl: 300, find: () => NODE.publicKey }),
    seeds: [QUERY],
  },
  {
    name: 'hosts and lists of peers',
    run: (input) => {
      const lines = new TextDecoder().decode(input)
      parseHosts(lines, 'hosts')
      parsePeerList(lines, 'peers.allow', { find: () => undefined })
    },
    seeds: [LINES],
  },
]

function text(ascii: string): Uint8Array {
  return new TextEncoder().encode(ascii)
}
