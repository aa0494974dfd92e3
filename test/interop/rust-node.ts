/** The Rust peer of `rust-peer/` as a live node: IPv6 packets through its stdin and stdout, so no privilege is needed. */
import { join } from 'node:path'
import type { Identity } from '../../core/index.ts'
import { askDaemon, type ReplyData } from '../../gateway/control/index.ts'
import { echoReply, echoRequest, readIcmp } from '../../gateway/ipv6/index.ts'
import { identityOf, type LiveNode, type Starter, type Teardown } from '../support/live-node.ts'
import { CACHE, start, type Running } from '../support/process.ts'

export const FIPS_PEER: string = join(CACHE, 'rust-peer', 'release', 'fips-peer')

/** As long as our own `ping` waits. */
const PING_TIMEOUT_MS = 4500

export interface RustOptions {
  readonly name: string
  /** Its secret key is this number. */
  readonly seed: number
  readonly folder: string
  /** `127.0.0.1:port` to listen on. */
  readonly udp: string
  /** Address to accept TCP connections at. */
  readonly tcp?: string
  /** Peers to dial, as `npub@host:port` or `npub@tcp:host:port`. */
  readonly peers: readonly string[]
  readonly rekeySeconds?: number
  readonly starter?: Starter
}

function startLogging(program: string, args: readonly string[]): Running {
  return start(program, args, { RUST_LOG: 'info' })
}

export class RustNode implements LiveNode {
  readonly name: string
  readonly identity: Identity
  readonly #options: RustOptions
  readonly #socket: string
  readonly #waiting = new Map<number, () => void>()
  #running: Running | undefined
  #sequence = 0

  /** Resolves when it runs; it is stopped after the test. */
  static async run(t: Teardown, options: RustOptions): Promise<RustNode> {
    const node = new RustNode(options)
    t.after(() => node.stop())
    await node.start()
    return node
  }

  private constructor(options: RustOptions) {
    this.name = options.name
    this.identity = identityOf(options.seed)
    this.#options = options
    this.#socket = join(options.folder, `${options.name}.sock`)
  }

  ask(query: string, params?: Readonly<Record<string, unknown>>): Promise<ReplyData> {
    return askDaemon(this.#socket, query, params)
  }

  ping(to: Identity, payloadBytes = 56): Promise<boolean> {
    return this.#ping(to, payloadBytes, PING_TIMEOUT_MS)
  }

  echo(to: Identity, timeoutMs: number): Promise<boolean> {
    return this.#ping(to, 56, timeoutMs)
  }

  async start(): Promise<void> {
    const { seed, udp, tcp, peers, rekeySeconds, starter = startLogging } = this.#options
    const args = ['--seed', String(seed), '--udp', udp, '--control', this.#socket]
    if (tcp !== undefined) args.push('--tcp', tcp)
    for (const peer of peers) args.push('--peer', peer)
    if (rekeySeconds !== undefined) args.push('--rekey', String(rekeySeconds))
    const running = starter(FIPS_PEER, args)
    running.onLine((line) => {
      if (line.startsWith('{')) this.#event(JSON.parse(line))
    })
    // A ping to a node that was just killed comes to nothing, like any other.
    running.child.stdin?.on('error', () => undefined)
    this.#running = running
    // The first report that its control socket answered.
    await running.line('ready', (line) => line.includes('"my_node_addr"'))
  }

  /** Tells it the key behind an address that is no neighbour's, as a DNS query would tell a node with an interface. */
  introduce(to: Identity): void {
    this.#command({ op: 'data', to: to.npub, hex: '' })
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.#running?.stop(signal)
  }

  #ping(to: Identity, payloadBytes: number, timeoutMs: number): Promise<boolean> {
    const sequence = this.#sequence++ & 0xffff
    const { ipv6: source } = this.identity
    const data = Uint8Array.from({ length: payloadBytes }, (_, at) => at & 0xff)
    this.#send(echoRequest({ source, destination: to.ipv6, id: this.#options.seed, sequence, data }))
    return new Promise((resolve) => {
      const finish = (answered: boolean) => {
        clearTimeout(timer)
        this.#waiting.delete(sequence)
        resolve(answered)
      }
      const timer = setTimeout(() => finish(false), timeoutMs)
      this.#waiting.set(sequence, () => finish(true))
    })
  }

  #send(packet: Uint8Array): void {
    this.#command({ op: 'ip', hex: Buffer.from(packet).toString('hex') })
  }

  #command(command: Readonly<Record<string, string>>): void {
    this.#running?.child.stdin?.write(`${JSON.stringify(command)}\n`)
  }

  /** The part of a host behind the node: answers echoes, and knows its own. */
  #event(event: { readonly event?: string; readonly hex?: string }): void {
    if (event.event !== 'ip' || event.hex === undefined) return
    const packet = Buffer.from(event.hex, 'hex')
    const message = readIcmp(packet)
    if (message?.type === 'echo-request') this.#send(echoReply(packet))
    else if (message?.type === 'echo-reply') this.#waiting.get(message.sequence)?.()
  }
}
