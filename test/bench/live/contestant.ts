/** Nodes that are compared: ours and others', each a process of its own on the loopback, without an interface. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Identity, TransportAddr } from '../../../core/index.ts'
import { askDaemon, isRecord } from '../../../gateway/control/index.ts'
import { freeUdpPort, identityOf } from '../../support/live-node.ts'
import { eventually, FIPS_RADIO, start, type Running, type StartProgram } from '../../support/process.ts'

/** `ours` as it runs, `portable` without direct system calls, the Rust `peer` of the interoperability tests, the `reference` daemon. */
export type Kind = (typeof KINDS)[number]
export const KINDS = ['ours', 'portable', 'peer', 'reference'] as const

/** What runs as which kind; a kind without its program is not compared. */
export interface Programs {
  readonly peer?: string | undefined
  readonly reference?: string | undefined
}

export interface ContestantOptions {
  readonly folder: string
  readonly seed: number
  readonly programs: Programs
  /** `host:port` to listen on; a free port of the loopback when absent. */
  readonly udp?: TransportAddr
  /** Peers to dial. */
  readonly peers?: readonly { readonly npub: string; readonly addr: TransportAddr }[]
  /** Name of an interface to make. */
  readonly tun?: string
  /** Starts the program somewhere else than here. */
  readonly starter?: StartProgram
}

/** Room for an IPv6 packet of 1280 bytes with all that the stack adds. */
const UDP_MTU = 1472

export class Contestant {
  readonly kind: Kind
  readonly identity: Identity
  readonly addr: TransportAddr
  readonly #socket: string
  readonly #running: Running

  /** Resolves when it answers. */
  static async start(kind: Kind, options: ContestantOptions): Promise<Contestant> {
    const addr = options.udp ?? `127.0.0.1:${await freeUdpPort()}`
    const contestant = new Contestant(kind, addr, options)
    await eventually(`${kind} runs`, () => contestant.#answers())
    return contestant
  }

  private constructor(kind: Kind, addr: TransportAddr, options: ContestantOptions) {
    this.kind = kind
    this.identity = identityOf(options.seed)
    this.addr = addr
    this.#socket = join(options.folder, `${kind}-${options.seed}.sock`)
    const [program, args, env] = this.#command(options)
    this.#running = (options.starter ?? start)(program, args, env)
  }

  /** Processor time it has used, ns, of all its threads that live. */
  cpuNs(): number {
    const tasks = `/proc/${this.#pid}/task`
    const times = readdirSync(tasks).map((task) =>
      Number(readFileSync(join(tasks, task, 'schedstat'), 'utf8').split(' ')[0]),
    )
    return times.reduce((sum, time) => sum + time, 0)
  }

  /** MiB. */
  residentMiB(): number {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8'))?.[1]
    return Number(kib) / 1024
  }

  /** Packets it has passed on. */
  async forwarded(): Promise<number> {
    const { forwarding } = await askDaemon(this.#socket, 'show_routing')
    return isRecord(forwarding) ? Number(forwarding['forwarded_packets']) : Number.NaN
  }

  async peerCount(): Promise<number> {
    const { peers } = await askDaemon(this.#socket, 'show_peers')
    return Array.isArray(peers) ? peers.length : 0
  }

  stop(): Promise<number | null> {
    return this.#running.stop()
  }

  get #pid(): number {
    const { pid } = this.#running.child
    if (pid === undefined) throw new Error(`${this.kind} did not start\n${this.#running.output()}`)
    return pid
  }

  #command(options: ContestantOptions): [string, string[], NodeJS.ProcessEnv] {
    const { folder, seed, programs, peers = [], tun } = options
    if (this.kind === 'peer') {
      if (programs.peer === undefined) throw new Error('no Rust peer')
      const dialled = peers.flatMap(({ npub, addr }) => ['--peer', `${npub}@${addr}`])
      const args = ['--seed', String(seed), '--udp', this.addr, '--control', this.#socket, ...dialled]
      return [programs.peer, tun === undefined ? args : [...args, '--tun', tun], {}]
    }
    const config = join(folder, `${this.kind}-${seed}.yaml`)
    const document = {
      node: {
        identity: { nsec: seed.toString(16).padStart(64, '0') },
        control: { socket_path: this.#socket },
      },
      tun: tun === undefined ? { enabled: false } : { enabled: true, name: tun },
      dns: { enabled: tun !== undefined },
      transports: { udp: { bind_addr: this.addr, mtu: UDP_MTU } },
      peers: peers.map(({ npub, addr }) => ({ npub, addresses: [{ transport: 'udp', addr }] })),
    }
    // JSON is YAML.
    writeFileSync(config, JSON.stringify(document), { mode: 0o600 })
    if (this.kind === 'reference') {
      if (programs.reference === undefined) throw new Error('no reference daemon')
      return [programs.reference, ['-c', config], {}]
    }
    const env = this.kind === 'portable' ? { FIPS_RADIO_IO: 'portable' } : {}
    return [process.execPath, [FIPS_RADIO, 'run', '-c', config], env]
  }

  async #answers(): Promise<true | undefined> {
    if (this.#running.child.exitCode !== null)
      throw new Error(`${this.kind} ended\n${this.#running.output()}`)
    return await askDaemon(this.#socket, 'show_status').then(
      () => true as const,
      () => undefined,
    )
  }
}
