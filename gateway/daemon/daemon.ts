/**
 * The daemon: from a configuration to a running node and back to silence. Wires ports, boards, transports, node,
 * control socket and network interface; everything that runs is stopped in the reverse order.
 */
import { join } from 'node:path'
import { systemClock } from '../../transports/index.ts'
import {
  FipsNode,
  Driver,
  type Clock,
  type Identity,
  type Millis,
  type NodeAddr,
  type NodeViews,
  type PublicKey,
  type Rng,
} from '../../core/index.ts'
import { unixSeconds } from '../clock.ts'
import { defaultControlSocket, type LoadedConfig } from '../config/index.ts'
import { createDispatch, createNames, openControlServer, type ControlServer } from '../control/index.ts'
import { chooseCrypto } from '../crypto/index.ts'
import { Probes } from '../probe/index.ts'
import { resolveIdentity } from '../keystore/index.ts'
import type { Logger } from '../logger/index.ts'
import { systemRng } from '../rng.ts'
import { StatsHistory } from '../stats/index.ts'
import { VERSION } from '../version.ts'
import { startDns, type DnsResponder } from '../dns/index.ts'
import { Access } from './access.ts'
import { AIRTIME_FILE, AirtimeBook } from './airtime-book.ts'
import { Dialling } from './dialling.ts'
import { logEvent } from './event-log.ts'
import { Fleet } from './fleet.ts'
import { DaemonHost } from './host.ts'
import { KernelDrops } from './kernel-drops.ts'
import { mediaOf, type MediaDeps } from './media.ts'
import { MetricsLog } from './metrics-log.ts'
import { HostNetwork } from './network.ts'
import { coreConfig } from './node-config.ts'
import { resolveHost } from './peers.ts'
import { Pinger } from './pinger.ts'
import { Traffic } from './traffic.ts'

export interface DaemonOptions {
  readonly loaded: LoadedConfig
  readonly logger: Logger
  /** False leaves the interface out whatever the configuration says. */
  readonly tun: boolean
  readonly clock?: Clock
  readonly rng?: Rng
  /** Holds hosts, peers.allow and peers.deny; default the system's. */
  readonly accessDirectory?: string
  /** Opens devices; tests put emulated modems here. */
  readonly openPort?: MediaDeps['open']
}

/** How often the node is told the time of day, which TreeAnnounces carry. */
const WALL_CLOCK_INTERVAL: Millis = 60_000
/** How often it is looked whether goodbyes have left. */
const DRAIN_POLL: Millis = 20

export class Daemon {
  readonly identity: Identity
  readonly #options: DaemonOptions
  readonly #clock: Clock
  readonly #driver: Driver
  readonly #traffic: Traffic
  readonly #fleet: Fleet
  readonly #dialling: Dialling
  readonly #host: DaemonHost
  readonly #access: Access
  readonly #airtime: AirtimeBook
  readonly #metricsLog: MetricsLog
  readonly #kernelDrops: KernelDrops
  #network: HostNetwork | undefined
  #dns: DnsResponder | undefined
  #control: ControlServer | undefined
  #cancelWallClock: (() => void) | undefined
  #foundation: Promise<void> = Promise.resolve()
  #stopping: Promise<void> | undefined

  /** A daemon that runs; as the constructor and `start`. */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon(options)
    await daemon.start()
    return daemon
  }

  /** Opens nothing yet. Throws an OperatorError when the identity cannot be had. */
  constructor(options: DaemonOptions) {
    const { loaded, logger } = options
    const { config } = loaded
    const clock = options.clock ?? systemClock
    const rng = options.rng ?? systemRng
    const resolved = resolveIdentity(
      { ...config.node.identity, directory: loaded.directory },
      rng,
      chooseCrypto(),
    )
    for (const remark of resolved.remarks) logger.warn(remark)
    const { identity } = resolved
    const settings = coreConfig(config.node)
    const traffic = new Traffic({
      allocate: (length) => new Uint8Array(length),
      queue: (id, to, slab, at, length, frameClass) =>
        this.#fleet.queue(id, to, slab, at, length, frameClass),
      deliver: (slab, at, length) => {
        if (!pinger.isWaiting || !pinger.received(slab.subarray(at, at + length)))
          this.#network?.deliverAt(slab, at, length)
      },
      flush: () => {
        this.#fleet.flush()
        this.#network?.flush()
      },
    })
    const node = new FipsNode({ identity, rng, config: settings, sink: traffic, now: clock.now() })
    const names = createNames(
      config.peers,
      (addr) => publicKeyOf(node.views, addr),
      (addr) => this.#access.nameOf(addr),
    )
    const pinger = new Pinger(identity, clock, rng, () => this.#driver)

    this.identity = identity
    this.#options = options
    this.#traffic = traffic
    this.#clock = clock
    this.#driver = new Driver(node, clock, {
      send: (output) => {
        // Behind the traffic before it.
        traffic.flush()
        this.#fleet.send(output)
      },
      packet: (packet) => {
        traffic.flush()
        if (!pinger.received(packet)) this.#network?.deliver(packet)
      },
      undeliverable: (packet, reason, mtu) => {
        if (!pinger.undeliverable(packet, reason)) this.#network?.undeliverable(packet, reason, mtu)
      },
      datagram: () => undefined,
      event: (event) => {
        logEvent(logger, names, event)
        // Whom the operator sent away is not called back.
        if (event.type === 'peer-down' && event.reason !== 'configuration-change')
          this.#dialling.lost(event.peer)
      },
    })
    this.#metricsLog = new MetricsLog({
      views: node.views,
      names,
      clock,
      logger: logger.named('metrics'),
      linkInterval: config.node.mmp.logIntervalSecs * 1000,
      sessionInterval: config.node.sessionMmp.logIntervalSecs * 1000,
    })
    this.#airtime = new AirtimeBook({ path: airtimeFile(loaded), clock, logger })
    const specs = mediaOf(config.transports, {
      identity,
      airtime: this.#airtime,
      linkDeadMs: settings.linkDeadTimeoutSecs * 1000,
      clock,
      rng,
      isListed: (station) => this.#access.isListedStation(station),
      ...(options.openPort === undefined ? {} : { open: options.openPort }),
    })
    this.#fleet = new Fleet(specs, {
      clock,
      logger,
      step: (input) => this.#driver.step(input),
      frameAt: (id, from, bytes, at, length) => this.#driver.frameAt(id, from, bytes, at, length),
      batchEnd: () => this.#batchEnd(),
      heard: (medium, addr, publicKey) => this.#dialling.heard(medium, addr, publicKey),
    })
    this.#kernelDrops = new KernelDrops({
      clock,
      fleet: this.#fleet,
      step: (input) => this.#driver.step(input),
    })
    this.#dialling = new Dialling(config.peers, {
      driver: this.#driver,
      clock,
      logger,
      media: specs,
      resolve: resolveHost,
      isListed: (addr) => this.#access.isListed(addr),
    })
    this.#access = new Access(config.peers, {
      driver: this.#driver,
      clock,
      logger,
      changed: () => this.#dialling.start(),
      ...(options.accessDirectory === undefined ? {} : { directory: options.accessDirectory }),
    })
    this.#host = new DaemonHost({
      identity,
      views: node.views,
      names,
      history: new StatsHistory(node.views, clock),
      facts: {
        version: VERSION,
        pid: process.pid,
        exePath: process.argv[1] ?? process.execPath,
        controlSocket: config.node.control.socketPath ?? defaultControlSocket(),
        startedAt: clock.now(),
        persistent: resolved.persistent,
      },
      clock,
      driver: this.#driver,
      fleet: this.#fleet,
      pinger,
      probes: new Probes({
        views: node.views,
        names,
        clock,
        driver: () => this.#driver,
        attemptTimeoutsSecs: settings.discovery.attemptTimeoutsSecs,
      }),
      tun: () => this.#network?.facts() ?? { state: 'disabled', name: config.tun.name },
      access: () => this.#access.facts(),
      find: (name) => this.#access.find(name),
    })
  }

  /** Where clients ask; undefined when the control socket is off. */
  get controlSocket(): string | undefined {
    return this.#control?.path
  }

  /**
   * Resolves when everything runs, or when it was stopped before that; rejects with an OperatorError and nothing left
   * behind.
   */
  async start(): Promise<void> {
    try {
      this.#foundation = this.#openFoundation()
      await this.#foundation
      if (this.#stopping === undefined) await this.#openMedia()
    } catch (error) {
      const isWanted = this.#stopping === undefined
      await this.stop()
      if (isWanted) throw error
    }
  }

  /** Tells the peers, lets the last frames leave, and closes everything. Idempotent; also in the middle of a start. */
  stop(): Promise<void> {
    this.#stopping ??= this.#shutDown()
    return this.#stopping
  }

  /** Control socket, interface and names: no device to wait for. */
  async #openFoundation(): Promise<void> {
    const { loaded, logger } = this.#options
    const { node, transports } = loaded.config
    this.#tellTime()
    if (node.control.enabled) {
      this.#control = await openControlServer({
        path: this.#host.facts.controlSocket,
        clock: this.#clock,
        logger: logger.named('control'),
        dispatch: createDispatch(this.#host, coreConfig(node).cache),
      })
    }
    if (Object.values(transports).every((instances) => instances.length === 0)) {
      logger.warn('No transport is configured, so this node reaches nobody; add one under transports.')
    }
    await this.#openNetwork()
  }

  async #openMedia(): Promise<void> {
    this.#access.start()
    await this.#fleet.open()
    if (this.#stopping !== undefined) return
    this.#host.history.start()
    this.#metricsLog.start()
    this.#kernelDrops.start()
    this.#dialling.start()
    this.#options.logger.info('the node runs', { npub: this.identity.npub, control: this.controlSocket })
  }

  /** Names are of use to programs only when there is an interface to reach what they stand for. */
  async #openNetwork(): Promise<void> {
    const { loaded, logger, tun } = this.#options
    const { config } = loaded
    this.#network = await HostNetwork.open(config.tun, config.tun.enabled && tun, {
      identity: this.identity,
      views: this.#host.views,
      clock: this.#clock,
      logger,
      linkMtu: () => this.#fleet.linkMtu(),
      step: (input) => this.#driver.step(input),
      packetAt: (bytes, at, length) => this.#driver.packetAt(bytes, at, length),
      batchEnd: () => this.#batchEnd(),
    })
    if (!config.dns.enabled) return
    if (!this.#network.isActive) {
      logger.info('names are not answered, as DNS runs only with a network interface (tun.enabled)')
      return
    }
    this.#dns = await startDns({
      bindAddr: config.dns.bindAddr,
      port: config.dns.port,
      ttl: config.dns.ttl,
      find: (name) => this.#access.find(name),
      onIdentity: (publicKey) => this.#driver.step({ type: 'identity', publicKey }),
      meshInterface: config.tun.name,
    })
    logger.info('names are answered', { at: this.#dns.address, port: this.#dns.port })
  }

  async #shutDown(): Promise<void> {
    const { drainTimeoutSecs } = this.#options.loaded.config.node
    this.#cancelWallClock?.()
    this.#host.history.stop()
    this.#metricsLog.stop()
    this.#kernelDrops.stop()
    this.#host.probes.stop()
    this.#dialling.stop()
    this.#driver.stop()
    // What is just being opened is closed like the rest; why it could not be is the start's to tell.
    await this.#foundation.catch(() => undefined)
    await this.#drained(drainTimeoutSecs * 1000)
    this.#access.stop()
    await this.#dns?.close()
    await this.#network?.close()
    await this.#fleet.close()
    this.#airtime.close()
    await this.#control?.close()
  }

  /** Until no medium holds frames, at most `limit`. */
  async #drained(limit: Millis): Promise<void> {
    const end = this.#clock.now() + limit
    const isWaiting = (): boolean =>
      this.#fleet.facts().some(({ detail }) => Number(detail['queued_frames'] ?? 0) > 0)
    while (isWaiting() && this.#clock.now() < end) {
      await new Promise<void>((resolve) => {
        this.#clock.after(DRAIN_POLL, resolve)
      })
    }
  }

  #batchEnd(): void {
    this.#traffic.flush()
    this.#driver.settle()
  }

  #tellTime(): void {
    this.#driver.step({ type: 'wall-clock', seconds: unixSeconds() })
    this.#cancelWallClock = this.#clock.after(WALL_CLOCK_INTERVAL, () => this.#tellTime())
  }
}

/** Beside the key file unless the configuration keeps state elsewhere. */
function airtimeFile({ config, directory }: LoadedConfig): string | undefined {
  const folder = config.node.stateDirectory ?? directory
  return folder === undefined ? undefined : join(folder, AIRTIME_FILE)
}

/** A node's key, if it is a neighbour or was met before. */
function publicKeyOf(views: NodeViews, addr: NodeAddr): PublicKey | undefined {
  const peer = views.peers().find(({ nodeAddr }) => nodeAddr === addr)
  return (peer ?? views.mesh.identityCache().find(({ nodeAddr }) => nodeAddr === addr))?.publicKey
}
