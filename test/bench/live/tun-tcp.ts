/**
 * TCP between programs on two hosts, over three nodes in a line that are all of one kind, each in a namespace with an interface.
 * Bytes that arrived over the processor time of the three.
 */
import { join, Namespace } from '../../support/namespace.ts'
import type { Running } from '../../support/process.ts'
import { Contestant, type ContestantOptions, type Kind } from './contestant.ts'

export interface Transfer {
  /** Megabytes per second of processor time of all three nodes. */
  readonly perCpuSecond: number
  /** Megabytes per second. */
  readonly throughput: number
}

const PORT = 8090
const UDP_PORT = 2121
const MEGA = 1e6
/** For names to be learnt, sessions to stand and TCP to open its window. */
const WARM_UP_SECONDS = 2

export async function measureTunTcp(
  kind: Kind,
  { folder, programs }: Pick<ContestantOptions, 'folder' | 'programs'>,
  seconds: number,
): Promise<Transfer> {
  const spaces: Namespace[] = []
  const nodes: Contestant[] = []
  const running: Running[] = []
  try {
    for (const label of ['a', 'm', 'b']) spaces.push(await Namespace.create(`bench-${label}`))
    const [a, m, b] = [spaces[0]!, spaces[1]!, spaces[2]!]
    await join(a, '10.91.1.1/24', m, '10.91.1.2/24')
    await join(m, '10.91.2.2/24', b, '10.91.2.1/24')
    const launch = async (
      seed: number,
      space: Namespace,
      host: string,
      peers: ContestantOptions['peers'] = [],
    ): Promise<Contestant> => {
      const starter = (program: string, args: readonly string[], env?: NodeJS.ProcessEnv): Running =>
        space.start(program, args, env)
      const options = { folder, seed, programs, peers, starter, tun: 'fips0' }
      const node = await Contestant.start(kind, { ...options, udp: `${host}:${UDP_PORT}` })
      nodes.push(node)
      return node
    }
    const middle = await launch(42, m, '0.0.0.0')
    const { npub } = middle.identity
    await launch(41, a, '10.91.1.1', [{ npub, addr: `10.91.1.2:${UDP_PORT}` }])
    const far = await launch(43, b, '10.91.2.1', [{ npub, addr: `10.91.2.2:${UDP_PORT}` }])
    const server = b.start(process.execPath, ['-e', SERVER])
    running.push(server)
    await server.line('listens', (line) => line === 'listening')
    const client = a.start(process.execPath, ['-e', CLIENT, far.identity.npub])
    running.push(client)
    await client.line('connects', (line) => line === 'connected')
    await pause(WARM_UP_SECONDS)
    const cpuNs = (): number => nodes.reduce((sum, node) => sum + node.cpuNs(), 0)
    const [cpuBefore, before] = [cpuNs(), await bytesAt(server)]
    await pause(seconds)
    const [cpuAfter, after] = [cpuNs(), await bytesAt(server)]
    const megabytes = (after.bytes - before.bytes) / MEGA
    return {
      perCpuSecond: megabytes / ((cpuAfter - cpuBefore) / 1e9),
      throughput: megabytes / ((after.ms - before.ms) / 1000),
    }
  } finally {
    for (const program of running) await program.stop('SIGKILL')
    await Promise.all(nodes.map((node) => node.stop()))
    await Promise.all(spaces.map((space) => space.remove()))
  }
}

interface Reading {
  readonly bytes: number
  readonly ms: number
}

/** What the server has received at its next report. */
async function bytesAt(server: Running): Promise<Reading> {
  const line = await new Promise<string>((resolve) => {
    server.onLine(resolve)
  })
  const [bytes, ms] = line.split(' ').map(Number)
  return { bytes: bytes ?? Number.NaN, ms: ms ?? Number.NaN }
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1000 * seconds)
  })
}

/** Counts what comes and says so ten times a second. */
const SERVER = `
let bytes = 0
require('node:net').createServer((socket) => {
  socket.on('data', (chunk) => { bytes += chunk.length })
  socket.on('error', () => {})
}).listen(${PORT}, '::', () => {
  console.log('listening')
  setInterval(() => console.log(bytes + ' ' + performance.now()), 100)
})`

/** Finds the server by its name, as programs do, and sends without end. */
const CLIENT = `
const resolver = new (require('node:dns').promises.Resolver)({ timeout: 2000, tries: 1 })
resolver.setServers(['[::1]:5354'])
const name = process.argv[1] + '.fips'
const chunk = Buffer.alloc(1 << 18)
const connect = (host) => new Promise((resolve, reject) => {
  const socket = require('node:net').connect({ host, port: ${PORT} }, () => resolve(socket))
  socket.on('error', reject)
})
const attempt = () => resolver.resolve6(name).then(([host]) => connect(host)).catch(() =>
  new Promise((resolve) => setTimeout(resolve, 500)).then(attempt))
attempt().then((socket) => {
  console.log('connected')
  const push = () => { while (socket.write(chunk)); }
  socket.on('drain', push)
  push()
})`
