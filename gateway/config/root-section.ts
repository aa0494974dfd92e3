/** The whole file. */
import { parseNpub } from '../../core/index.ts'
import { bool, int, oneOf, text } from './keys.ts'
import { nodeSection, type NodeSettings } from './node-section.ts'
import { lanGateway } from './reference-sections.ts'
import { items, section, type Section } from './schema.ts'
import { transportsSection, type TransportSettings } from './transport-sections.ts'

export interface Config {
  readonly node: NodeSettings
  readonly tun: TunSettings
  readonly dns: DnsSettings
  readonly transports: TransportSettings
  readonly peers: readonly PeerSettings[]
  readonly gateway: Readonly<Record<string, unknown>>
}

export interface TunSettings {
  readonly enabled: boolean
  readonly name: string
  readonly mtu: number
}

export interface DnsSettings {
  readonly enabled: boolean
  readonly bindAddr: string
  readonly port: number
  readonly ttl: number
}

export type ConnectPolicy = 'auto_connect' | 'on_demand' | 'manual'

export interface PeerSettings {
  readonly npub: string
  readonly alias: string | undefined
  readonly addresses: readonly PeerAddress[]
  readonly connectPolicy: ConnectPolicy
  readonly autoReconnect: boolean
  readonly viaNostr: boolean
}

export interface PeerAddress {
  /** Kind of transport, or `kind/instance`. */
  readonly transport: string
  readonly addr: string
  readonly priority: number
}

/** Linux refuses longer interface names. */
const IFNAMSIZ = 15
const IPV6_MIN_MTU = 1280

const address: Section<PeerAddress> = section('Where the peer is.', {
  transport: text({
    default: '',
    defaultText: 'required',
    doc: 'Kind of transport: `udp`, `tcp`, `serial`, `lora`; `udp/backup` names an instance.',
  }),
  addr: text({
    default: '',
    defaultText: 'required',
    doc: '`host:port` for UDP and TCP; the first 8 digits of its node address for LoRa; the port’s path for serial.',
  }),
  priority: int({ default: 100, max: 255, doc: 'Lower is tried first.' }),
})

const peer: Section<PeerSettings> = section('A peer.', {
  npub: text({
    default: '',
    defaultText: 'required',
    allowed: "a peer's public key: npub1 and 58 characters, copied whole",
    test: (written) => parseNpub(written).ok,
    doc: 'Public key.',
  }),
  alias: text({
    default: undefined,
    defaultText: 'none',
    doc: 'Name for people; also `alias.fips`.',
  }),
  addresses: items(address),
  connectPolicy: oneOf<ConnectPolicy>(['auto_connect', 'on_demand', 'manual'], {
    default: 'auto_connect',
    doc: 'Dial it always, while traffic for it waits, or never.',
  }),
  autoReconnect: bool({ default: true, doc: 'Dial an `auto_connect` peer again for ever after a loss.' }),
  viaNostr: bool({ default: false, doc: "The reference's.", applied: false }),
})

export const rootSection: Section<Config> = section('fips.yaml', {
  node: nodeSection,
  tun: section<TunSettings>('The network interface.', {
    enabled: bool({ default: false, doc: 'Make it; needs root or CAP_NET_ADMIN.' }),
    name: text({
      default: 'fips0',
      allowed: `a name of at most ${IFNAMSIZ} characters without spaces or slashes`,
      test: (name) => name.length <= IFNAMSIZ && /^[^\s/:]+$/.test(name) && name !== '.' && name !== '..',
      doc: 'Its name.',
    }),
    mtu: int({ default: IPV6_MIN_MTU, min: IPV6_MIN_MTU, max: 65_535, unit: 'bytes', doc: 'Its MTU.' }),
  }),
  dns: section<DnsSettings>('Names: `<npub>.fips` and aliases.', {
    enabled: bool({ default: true, doc: 'Answer DNS while the network interface is there.' }),
    bindAddr: text({ default: '::1', doc: 'Address to listen on.' }),
    port: int({ default: 5354, min: 1, max: 65_535, doc: 'Port to listen on.' }),
    ttl: int({ default: 300, max: 2 ** 31 - 1, unit: 's', doc: 'Life of an answer.' }),
  }),
  transports: transportsSection,
  peers: items(peer),
  gateway: lanGateway,
})
