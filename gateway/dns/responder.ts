/** The DNS server for the zone `fips`, over UDP, for the resolver of this host. */
import dgram from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { PublicKey } from '../../core/index.ts'
import { OperatorError, reasonOf, systemCode } from '../errors.ts'
import { answerQuery, DEFAULT_TTL } from './answer.ts'
import { cameOverMesh } from './mesh-source.ts'

export interface DnsResponderOptions {
  /** Default `::1`. */
  readonly bindAddr?: string
  /** Default 5354; 0 for any free one. */
  readonly port?: number
  /** Seconds; default 300. */
  readonly ttl?: number
  /** Key of a host name; asked on every query, so files may be read again here. */
  readonly find: (name: string) => PublicKey | undefined
  /** A name was resolved: the host is about to send to this node. Called before the answer leaves. */
  readonly onIdentity: (publicKey: PublicKey) => void
  /** Name of the TUN: queries that came over the mesh are ignored. */
  readonly meshInterface?: string
}

export interface DnsResponder {
  readonly address: string
  readonly port: number
  readonly stats: DnsStats
  close(): Promise<void>
}

export interface DnsStats {
  queries: number
  answered: number
  /** Not a query at all. */
  malformed: number
  fromMesh: number
}

const DEFAULT_ADDRESS = '::1'
const DEFAULT_PORT = 5354
const DEFAULT_MESH_INTERFACE = 'fips0'

/** Rejects with an `OperatorError` of one sentence. */
export async function startDns(options: DnsResponderOptions): Promise<DnsResponder> {
  const bindAddr = options.bindAddr ?? DEFAULT_ADDRESS
  const port = options.port ?? DEFAULT_PORT
  const socket = dgram.createSocket(isIPv6(bindAddr) ? 'udp6' : 'udp4')
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address: bindAddr, port, exclusive: true }, () => {
      socket.off('error', reject)
      resolve()
    })
  }).catch((error: unknown) => {
    socket.close()
    throw bindError(error, bindAddr, port)
  })
  const stats: DnsStats = { queries: 0, answered: 0, malformed: 0, fromMesh: 0 }
  const meshInterface = options.meshInterface ?? DEFAULT_MESH_INTERFACE
  const answerOptions = { find: options.find, ttl: options.ttl ?? DEFAULT_TTL }
  socket.on('message', (query, from) => {
    stats.queries++
    if (cameOverMesh(from.address, meshInterface)) {
      stats.fromMesh++
      return
    }
    const answer = answerQuery(query, answerOptions)
    if (answer === undefined) {
      stats.malformed++
      return
    }
    if (answer.publicKey !== undefined) options.onIdentity(answer.publicKey)
    stats.answered++
    // An answer that cannot be sent is asked for again.
    socket.send(answer.response, from.port, from.address, () => {})
  })
  socket.on('error', () => {
    // Of a single datagram (an unreachable client); the socket goes on.
  })
  const bound = socket.address()
  let closed: Promise<void> | undefined
  return {
    address: bound.address,
    port: bound.port,
    stats,
    close: () => (closed ??= new Promise((resolve) => socket.close(() => resolve()))),
  }
}

function bindError(error: unknown, bindAddr: string, port: number): OperatorError {
  const where = isIPv6(bindAddr) ? `[${bindAddr}]:${port}` : `${bindAddr}:${port}`
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new OperatorError(
        'in-use',
        `DNS port ${where} is in use by another program: stop it (is another FIPS node running?) or set another dns.port.`,
        { cause: error },
      )
    case 'EACCES':
      return new OperatorError(
        'permission',
        `No permission to listen for DNS on ${where}: choose a dns.port from 1024 up, or run with CAP_NET_BIND_SERVICE.`,
        { cause: error },
      )
    case 'EADDRNOTAVAIL':
      return new OperatorError(
        'no-device',
        `This machine has no address ${bindAddr} to listen for DNS on: set dns.bind_addr to one it has.`,
        { cause: error },
      )
    default:
      return new OperatorError('no-device', `Cannot listen for DNS on ${where}: ${reasonOf(error)}.`, {
        cause: error,
      })
  }
}
