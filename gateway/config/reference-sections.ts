/**
 * Sections of the reference's file for parts this program does not have. They are read so that an existing file starts
 * this node unchanged; the operator is told once which of them do nothing.
 */
import { unused } from './keys.ts'
import type { Section } from './schema.ts'

type Unused = Readonly<Record<string, unknown>>

export const nostr: Section<Unused> = unused('Rendezvous over Nostr relays.', {
  enabled: 'bool',
  policy: 'text',
  app: 'text',
  advertise: 'bool',
  advertRelays: 'texts',
  dmRelays: 'texts',
  stunServers: 'texts',
  shareLocalCandidates: 'bool',
  signalTtlSecs: 'int',
  openDiscoveryMaxPending: 'int',
  maxConcurrentIncomingOffers: 'int',
  maxConcurrentOffersPerNpub: 'int',
  advertCacheMaxEntries: 'int',
  seenSessionsMaxEntries: 'int',
  attemptTimeoutSecs: 'int',
  replayWindowSecs: 'int',
  punchStartDelayMs: 'int',
  punchIntervalMs: 'int',
  punchDurationMs: 'int',
  advertTtlSecs: 'int',
  advertRefreshSecs: 'int',
  startupSweepDelaySecs: 'int',
  startupSweepMaxAgeSecs: 'int',
  failureStreakThreshold: 'int',
  extendedCooldownSecs: 'int',
  warnLogIntervalSecs: 'int',
  failureStateMaxEntries: 'int',
  protocolMismatchCooldownSecs: 'int',
})

export const lan: Section<Unused> = unused('Rendezvous on the local network.', {
  enabled: 'bool',
  serviceType: 'text',
  scope: 'text',
})

export const rendezvous: Section<Unused> = unused('Finding addresses of peers.', { nostr, lan })

export const nativeApi: Section<Unused> = unused('Datagrams for local programs.', {
  enabled: 'bool',
  socketPath: 'text',
  pendingPerFlow: 'int',
  backlog: 'int',
  maxFlows: 'int',
  debugCommands: 'bool',
})

export const ethernet: Section<Unused> = unused('Raw Ethernet.', {
  interface: 'text',
  ethertype: 'int',
  mtu: 'int',
  recvBufSize: 'int',
  sendBufSize: 'int',
  listen: 'bool',
  announce: 'bool',
  autoConnect: 'bool',
  acceptConnections: 'bool',
  beaconIntervalSecs: 'int',
})

export const tor: Section<Unused> = unused('Tor.', {
  mode: 'text',
  socks5Addr: 'text',
  connectTimeoutMs: 'int',
  mtu: 'int',
  controlAddr: 'text',
  controlAuth: 'text',
  cookiePath: 'text',
  maxInboundConnections: 'int',
  advertiseOnNostr: 'bool',
  advertisedPort: 'int',
  directoryService: unused('Onion service kept by Tor.', { hostnameFile: 'text', bindAddr: 'text' }),
})

export const nym: Section<Unused> = unused('Nym.', {
  socks5Addr: 'text',
  connectTimeoutMs: 'int',
  mtu: 'int',
  startupTimeoutSecs: 'int',
})

export const ble: Section<Unused> = unused('Bluetooth.', {
  adapter: 'text',
  psm: 'int',
  mtu: 'int',
  maxConnections: 'int',
  connectTimeoutMs: 'int',
  advertise: 'bool',
  scan: 'bool',
  autoConnect: 'bool',
  acceptConnections: 'bool',
  probeCooldownSecs: 'int',
})

export const lanGateway: Section<Unused> = unused("The reference's gateway for a LAN.", {
  enabled: 'bool',
  pool: 'text',
  lanInterface: 'text',
  poolGracePeriod: 'int',
  dns: unused('Its DNS.', { listen: 'text', upstream: 'text', ttl: 'int' }),
  conntrack: unused('Its timeouts.', {
    tcpEstablished: 'int',
    udpTimeout: 'int',
    udpAssured: 'int',
    icmpTimeout: 'int',
  }),
})
