/** One whole FIPS node of the demo: the same node, driver and transports as the daemon's, with a host in this process. */
import {
  Driver,
  FipsNode,
  Identity,
  IPV6_OVERHEAD,
  ipv6Of,
  nodeConfig,
  type Clock,
  type Crypto,
  type Millis,
  type NodeEvent,
  type PublicKey,
  type Rng,
  type TransportId,
} from '../../core/index.ts'
import type { Transport } from '../../transports/index.ts'
import { unixSeconds } from '../clock.ts'
import { HostEdge } from '../ipv6/index.ts'
import { UserspaceHost } from '../tun/index.ts'

export interface StationDeps {
  readonly name: string
  readonly clock: Clock
  readonly rng: Rng
  readonly crypto: Crypto
  onEvent(event: NodeEvent): void
}

/** Data of an echo request, bytes: airtime is dear. */
const PING_BYTES = 16
/** Fits the IPv6 minimum on every medium of the island. */
const HOST_MTU = 1280

export class Station {
  readonly name: string
  readonly identity: Identity
  readonly node: FipsNode
  readonly #clock: Clock
  readonly #driver: Driver
  readonly #host: UserspaceHost
  readonly #transports = new Map<TransportId, Transport>()

  constructor(deps: StationDeps) {
    const { name, clock, rng, crypto } = deps
    this.name = name
    this.#clock = clock
    this.identity = Identity.fromSecret(rng.bytes(32), crypto)
    this.node = new FipsNode({ identity: this.identity, rng, config: nodeConfig(), now: clock.now() })
    this.#host = new UserspaceHost({ address: this.identity.ipv6, clock, name, mtu: HOST_MTU })
    const edge = new HostEdge({
      address: this.identity.ipv6,
      linkMtu: () => HOST_MTU + IPV6_OVERHEAD,
      pathMtu: () => undefined,
    })
    this.#driver = new Driver(this.node, clock, {
      send: ({ transportId, to, frame, frameClass }) => {
        this.#transports.get(transportId)?.send(to, frame, frameClass)
      },
      packet: (packet) => this.#host.write(packet),
      undeliverable: (packet, reason, mtu) => {
        const answer = edge.undeliverable(packet, reason, mtu, clock.now())
        if (answer !== undefined) this.#host.write(answer)
      },
      datagram: () => undefined,
      event: (event) => deps.onEvent(event),
    })
    this.#host.start((packet) => this.#driver.step({ type: 'packet', packet }))
    this.#driver.step({ type: 'wall-clock', seconds: unixSeconds() })
  }

  /** Opens a transport and gives it to the node. Only listed stations become peers. */
  async attach(transport: Transport): Promise<TransportId> {
    const id = this.#transports.size + 1
    this.#transports.set(id, transport)
    await transport.open({
      frame: (from, frame) => this.#driver.step({ type: 'frame', transportId: id, from, frame }),
      delivered: (to, frame) => this.#driver.step({ type: 'frame-delivered', transportId: id, to, frame }),
      lost: (to, frame) => this.#driver.step({ type: 'frame-lost', transportId: id, to, frame }),
      state: (isUp) =>
        isUp ? this.#up(id, transport) : this.#driver.step({ type: 'transport-down', transportId: id }),
    })
    this.#up(id, transport)
    return id
  }

  /** Lists those who may become peers. */
  admit(keys: readonly PublicKey[]): void {
    this.#driver.step({ type: 'access-lists', allow: keys, deny: [] })
  }

  dial(peer: PublicKey, transportId: TransportId, addr: string): void {
    this.#driver.step({
      type: 'connect',
      peer,
      paths: [{ transportId, addr, priority: 1 }],
      persistent: true,
    })
  }

  /** Pings another station end to end; the round trip, or undefined. As a resolver would, it first learns the key behind the name. */
  async ping(to: Station, timeoutMs: Millis): Promise<Millis | undefined> {
    this.#driver.step({ type: 'identity', publicKey: to.identity.publicKey })
    const result = await this.#host.ping(ipv6Of(to.identity.nodeAddr), {
      timeoutMs,
      dataBytes: PING_BYTES,
    })
    return result.ok ? result.rttMs : undefined
  }

  /** Says goodbye on every link, gives the goodbyes time to leave, and releases the media. */
  async close(): Promise<void> {
    this.#driver.stop()
    await new Promise<void>((resolve) => this.#clock.after(0, resolve))
    await this.#host.close()
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()))
  }

  #up(id: TransportId, transport: Transport): void {
    const { kind, mtu, profile } = transport
    const admission = { acceptConnections: true, autoConnect: false, listedOnly: true }
    this.#driver.step({ type: 'transport-up', transport: { id, kind, mtu, profile, admission } })
  }
}
