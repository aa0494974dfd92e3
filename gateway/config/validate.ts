/** What can only be judged with the whole configuration at hand. */
import type { Place, Problem } from './problem.ts'
import { nearest } from './nearest.ts'
import { radioChoice } from './radio.ts'
import type { Config, PeerSettings } from './root-section.ts'
import type { Instance } from './schema.ts'
import { isHostPort, type TransportSettings } from './transport-sections.ts'

/** Kinds where an address follows from the peer's key or from the port, so that `addr` may be left out. */
const ADDRESS_IS_KNOWN: readonly string[] = ['lora', 'serial']

type PlaceOf = (path: string) => Place

export function validate(config: Config, placeOf: PlaceOf): readonly Problem[] {
  const problems: Problem[] = []
  const report = (severity: Problem['severity'], key: string, message: string): void => {
    problems.push({ severity, place: placeOf(key), key, message })
  }
  checkDevices(config.transports, report)
  checkSharedPorts(config.transports, report)
  checkPeers(config, report)
  return problems
}

type Report = (severity: Problem['severity'], key: string, message: string) => void

function checkDevices(transports: TransportSettings, report: Report): void {
  for (const { path, settings } of [...transports.lora, ...transports.serial]) {
    if (settings.port === undefined) {
      report(
        'error',
        `${path}.port`,
        `${path}.port is missing; name the device, best by its path below /dev/serial/by-id/, or tcp://host:port`,
      )
    } else if (settings.port.startsWith('tcp://') && !isHostPort(settings.port.slice('tcp://'.length))) {
      report(
        'error',
        `${path}.port`,
        `${path}.port is "${settings.port}"; allowed: a device path or tcp://host:port`,
      )
    }
  }
  for (const { path, settings } of transports.lora) {
    const choice = radioChoice(settings)
    if (choice.ok) continue
    const severity = choice.code === 'no-region' ? 'warning' : 'error'
    report(severity, `${path}.region`, `${path}: ${choice.message}`)
  }
}

/** One device or address can serve one transport only. */
function checkSharedPorts(transports: TransportSettings, report: Report): void {
  const users = new Map<string, string>()
  const claim = (what: string, path: string, key: string): void => {
    const other = users.get(what)
    if (other === undefined) users.set(what, path)
    else report('error', key, `${path} and ${other} both use ${what}; give each its own`)
  }
  for (const { path, settings } of [...transports.lora, ...transports.serial]) {
    if (settings.port !== undefined) claim(settings.port, path, `${path}.port`)
  }
  for (const { path, settings } of transports.udp) {
    const isFixed = !settings.outboundOnly && !settings.bindAddr.endsWith(':0')
    if (isFixed) claim(`UDP ${settings.bindAddr}`, path, `${path}.bind_addr`)
  }
  for (const { path, settings } of transports.tcp) {
    const { bindAddr } = settings
    if (bindAddr !== undefined && !bindAddr.endsWith(':0'))
      claim(`TCP ${bindAddr}`, path, `${path}.bind_addr`)
  }
}

function checkPeers(config: Config, report: Report): void {
  const seen = new Map<string, number>()
  const aliases = new Set<string>()
  for (const [index, peer] of config.peers.entries()) {
    const path = `peers[${index}]`
    if (peer.npub === '') {
      report('error', `${path}.npub`, `${path}.npub is missing; every peer needs its public key, npub1...`)
      continue
    }
    const earlier = seen.get(peer.npub)
    if (earlier !== undefined) {
      report(
        'error',
        `${path}.npub`,
        `${path} and peers[${earlier}] are the same peer; write its addresses in one entry`,
      )
    }
    seen.set(peer.npub, index)
    if (peer.alias !== undefined && aliases.has(peer.alias.toLowerCase())) {
      report(
        'warning',
        `${path}.alias`,
        `${path}.alias "${peer.alias}" is used by another peer too; the first one keeps it`,
      )
    }
    if (peer.alias !== undefined) aliases.add(peer.alias.toLowerCase())
    checkAddresses(config.transports, peer, path, report)
  }
}

function checkAddresses(
  transports: TransportSettings,
  peer: PeerSettings,
  path: string,
  report: Report,
): void {
  for (const [index, address] of peer.addresses.entries()) {
    const key = `${path}.addresses[${index}]`
    const [kind = '', instance] = address.transport.split('/', 2)
    if (!isKind(transports, kind)) {
      const suggestion = nearest(kind, Object.keys(transports))
      const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
      const found = address.transport === '' ? 'missing' : `"${address.transport}"`
      report(
        'error',
        `${key}.transport`,
        `${key}.transport is ${found}; allowed: ${Object.keys(transports).join(', ')}${hint}`,
      )
      continue
    }
    const configured: readonly Instance<unknown>[] = transports[kind]
    if (configured.length === 0) {
      report(
        'warning',
        key,
        `${key} needs a ${kind} transport, but none is configured under transports.${kind}`,
      )
    } else if (instance !== undefined && !configured.some(({ name }) => name === instance)) {
      const names = configured.flatMap(({ name }) => (name === undefined ? [] : [name]))
      const known = names.length === 0 ? `the ${kind} transport has no name` : `there is ${names.join(', ')}`
      report('error', `${key}.transport`, `${key}.transport is "${address.transport}", but ${known}`)
    }
    if (address.addr === '' && !ADDRESS_IS_KNOWN.includes(kind)) {
      report(
        'error',
        key,
        `${key}.addr is missing; allowed: an address of the ${kind} transport, such as host:port`,
      )
    } else if (needsHostPort(kind, address.addr) && !isHostPort(address.addr)) {
      report(
        'error',
        `${key}.addr`,
        `${key}.addr is "${address.addr}"; allowed: host:port, an IPv6 address in brackets`,
      )
    }
  }
}

/** `nat` stands for an address that the reference finds out for UDP. */
function needsHostPort(kind: string, addr: string): boolean {
  return kind === 'tcp' || (kind === 'udp' && addr !== 'nat')
}

function isKind(transports: TransportSettings, kind: string): kind is keyof TransportSettings {
  return Object.hasOwn(transports, kind)
}
