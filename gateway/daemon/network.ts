/**
 * The way between this host's programs and the node: packets through the interface, ICMPv6 about those that cannot go.
 * Without an interface a host in this process takes its place, which answers pings, so that the node can be reached
 * and still forwards for others.
 */
import type { Clock, Identity, Millis, NodeInput, NodeViews, UndeliverableReason } from '../../core/index.ts'
import type { TunSettings } from '../config/index.ts'
import type { TunFacts } from '../control/index.ts'
import { OperatorError } from '../errors.ts'
import { HostEdge, isPlainFromHost, isPlainFromMesh } from '../ipv6/index.ts'
import type { Logger } from '../logger/index.ts'
import { isBatchTun, openTun, TunError, UserspaceHost, type BatchTun, type Tun } from '../tun/index.ts'
import { PathMtus } from './path-mtus.ts'

export interface NetworkDeps {
  readonly identity: Identity
  readonly views: NodeViews
  readonly clock: Clock
  readonly logger: Logger
  /** Smallest frame MTU of the media that are up, bytes. */
  linkMtu(): number
  step(input: NodeInput): void
  /** A packet of a batch, by offsets. */
  packetAt(bytes: Uint8Array, at: number, length: number): void
  batchEnd(): void
}

const STILL_WORKS =
  'Without an interface (`--no-tun`) the node still forwards for others, answers pings and serves status and ping.'

export class HostNetwork {
  readonly #tun: Tun
  /** The same, when it works in batches. */
  readonly #batchTun: BatchTun | undefined
  readonly #address: Uint8Array
  readonly #edge: HostEdge
  readonly #clock: Clock
  #facts: TunFacts

  /** Makes the interface when it is wanted. Rejects with an OperatorError that says what works without it. */
  static async open(settings: TunSettings, isWanted: boolean, deps: NetworkDeps): Promise<HostNetwork> {
    if (!isWanted)
      return new HostNetwork(
        withoutInterface(settings, deps),
        { state: 'disabled', name: settings.name },
        deps,
      )
    let network: HostNetwork | undefined
    try {
      const tun = await openTun({
        name: settings.name,
        mtu: settings.mtu,
        address: deps.identity.ipv6,
        onGone: (reason) => network?.gone(reason, deps.logger),
      })
      deps.logger.info(`interface ${tun.name} is up`, { mtu: tun.mtu })
      network = new HostNetwork(tun, { state: 'active', name: tun.name }, deps)
      return network
    } catch (error) {
      if (!(error instanceof TunError)) throw error
      throw new OperatorError(error.kind, `${error.message} ${STILL_WORKS}`, { cause: error })
    }
  }

  private constructor(tun: Tun, facts: TunFacts, deps: NetworkDeps) {
    this.#tun = tun
    this.#batchTun = isBatchTun(tun) ? tun : undefined
    this.#address = deps.identity.ipv6
    this.#facts = facts
    this.#clock = deps.clock
    const paths = new PathMtus(deps.views, deps.clock)
    this.#edge = new HostEdge({
      address: deps.identity.ipv6,
      linkMtu: () => deps.linkMtu(),
      pathMtu: (address) => paths.of(address),
    })
    const fromHost = (packet: Uint8Array): void => {
      const verdict = this.#edge.fromHost(packet, this.#now())
      if (verdict.type === 'forward') deps.step({ type: 'packet', packet: verdict.packet })
      else if (verdict.type === 'answer') tun.write(verdict.packet)
    }
    if (this.#batchTun === undefined) tun.start(fromHost)
    else {
      this.#batchTun.startBatched(
        (bytes, at, length) => {
          if (isPlainFromHost(bytes, at, length, this.#address)) deps.packetAt(bytes, at, length)
          else fromHost(bytes.subarray(at, at + length))
        },
        () => deps.batchEnd(),
      )
    }
  }

  /** An interface of the system, not the host in this process. */
  get isActive(): boolean {
    return this.#facts.state === 'active'
  }

  facts(): TunFacts {
    return this.#facts
  }

  /** A packet of the mesh for this host. */
  deliver(packet: Uint8Array): void {
    const verdict = this.#edge.fromMesh(packet)
    if (verdict.type === 'forward') this.#tun.write(verdict.packet)
  }

  /** As `deliver`, of a packet that stays where it is until `flush`. */
  deliverAt(slab: Uint8Array, at: number, length: number): void {
    if (this.#batchTun !== undefined && isPlainFromMesh(slab, at, length, this.#address))
      this.#batchTun.writeAt(slab, at, length)
    else this.deliver(slab.subarray(at, at + length))
  }

  flush(): void {
    this.#batchTun?.flush()
  }

  /** A packet of this host that could not go: the host is told by ICMPv6. */
  undeliverable(packet: Uint8Array, reason: UndeliverableReason, mtu: number | undefined): void {
    const answer = this.#edge.undeliverable(packet, reason, mtu, this.#now())
    if (answer !== undefined) this.#tun.write(answer)
  }

  gone(reason: string, logger: Logger): void {
    logger.error(`${reason} The node goes on without it; restart it to have the interface again.`)
    this.#facts = { state: 'failed', name: this.#facts.name, reason }
  }

  close(): Promise<void> {
    return this.#tun.close()
  }

  #now(): Millis {
    return this.#clock.now()
  }
}

function withoutInterface({ name }: TunSettings, { identity, clock }: NetworkDeps): Tun {
  return new UserspaceHost({ address: identity.ipv6, clock, name })
}
