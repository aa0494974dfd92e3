/**
 * The demo's island: stations of a topology on one shared ether, one serial line and loopback UDP, all on one clock.
 * Nothing is short-circuited: frames cross emulated modems as KISS bytes, and every pair talks through its own session.
 */
import {
  customPlan,
  Ether,
  RnodeBoard,
  RnodeEmulator,
  SeededRng,
  type RadioParams,
} from '../../boards/index.ts'
import {
  npubOf,
  randomU32,
  randomUnit,
  type Clock,
  type Crypto,
  type Millis,
  type NodeAddr,
  type NodeEvent,
  type PublicKey,
} from '../../core/index.ts'
import { memoryPipePair, PipeError, type BytePipe } from '../../firmware-proto/index.ts'
import {
  LoraTransport,
  regionBudgetFor,
  SerialTransport,
  stationOf,
  UdpTransport,
} from '../../transports/index.ts'
import type { DemoOptions } from './options.ts'
import { Station } from './station.ts'
import type { IslandState, LinkRow, PingRow } from './state.ts'
import { hopsBetween, topologyOf, type LinkPlan, type Topology } from './topology.ts'

const FREQUENCY_HZ = 869_525_000
const TX_POWER_DBM = 14
const BAUD = 115_200
const BITS_PER_BYTE = 10
/** A radio node's link, tree and filters need about this long on a channel of its own at SF8 and 125 kHz. */
const JOIN_PERIOD: Millis = 30_000
/** Window of the channel load. */
const LOAD_WINDOW: Millis = 60_000
/** SNR of the emulated links, dB: spread over this range by the seed. */
const SNR = { low: -2, spread: 12 } as const
const NOISE_FLOOR_DBM = -117

export class Island {
  readonly topology: Topology
  readonly #options: DemoOptions
  readonly #clock: Clock
  readonly #crypto: Crypto
  readonly #rng: SeededRng
  readonly #ether: Ether
  readonly #modems: RnodeEmulator[] = []
  readonly #stations = new Map<string, Station>()
  readonly #radios = new Map<string, LoraTransport>()
  readonly #linksUp = new Map<LinkPlan, Millis>()
  readonly #pings = new Map<string, PingRow>()
  readonly #airtime: { readonly at: Millis; readonly ms: Millis }[] = []
  #startedAt: Millis = 0

  constructor(options: DemoOptions, clock: Clock, crypto: Crypto) {
    this.#options = options
    this.#clock = clock
    this.#crypto = crypto
    this.topology = topologyOf(options.nodes)
    this.#rng = new SeededRng(options.seed)
    this.#ether = new Ether({ clock, rng: new SeededRng(options.seed + 1) })
    for (const { name } of this.topology.stations) {
      const rng = new SeededRng(randomU32(this.#rng))
      const onEvent = (event: NodeEvent) => this.#event(name, event)
      const station = new Station({ name, clock: this.#clock, rng, crypto: this.#crypto, onEvent })
      this.#stations.set(name, station)
    }
    for (const [from, to] of this.topology.pairs)
      this.#pings.set(pairKey(from, to), {
        from,
        to,
        hops: hopsBetween(this.topology, from, to),
        rttMs: null,
        ok: false,
      })
  }

  /** Opens every medium and dials every link. */
  async open(): Promise<void> {
    this.#startedAt = this.#clock.now()
    this.#spreadSignals()
    for (const station of this.#stations.values()) station.admit(this.#neighboursOf(station.name))
    await Promise.all([...this.topology.stations].map((plan) => this.#openRadio(plan.name, plan.modem)))
    for (const link of this.topology.links) {
      const [from, to] = [this.#station(link.from), this.#station(link.to)]
      if (link.medium === 'serial') await this.#joinSerial(from, to)
      else if (link.medium === 'udp') await this.#joinUdp(from, to)
    }
    this.#dial()
  }

  /** Pings one pair and notes the answer. */
  async ping(pair: readonly [string, string], timeoutMs: Millis): Promise<boolean> {
    const [from, to] = pair
    const rttMs = await this.#station(from).ping(this.#station(to), timeoutMs)
    const row = this.#pings.get(pairKey(from, to))
    if (rttMs !== undefined && row !== undefined)
      this.#pings.set(pairKey(from, to), { ...row, rttMs, ok: true })
    return rttMs !== undefined
  }

  /** Whether two stations hang on one root, so that each can look the other up. */
  shareTree(from: string, to: string): boolean {
    return this.#rootOf(from) === this.#rootOf(to)
  }

  state(): IslandState {
    const { frames, bytes, ms } = this.#ether.stats
    return {
      elapsedMs: this.#clock.now() - this.#startedAt,
      nodes: this.topology.stations.map(({ name, media }) => ({ name, media, ...this.#position(name) })),
      links: [...this.#linksUp].map(([link, upAtMs]) => this.#linkRow(link, upAtMs)),
      pings: [...this.#pings.values()],
      air: { frames, bytes, ms: Math.round(ms) },
      channelLoad: this.#channelLoad(),
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#stations.values()].map((station) => station.close()))
    for (const modem of this.#modems) modem.close()
  }

  async #openRadio(name: string, modem: string | undefined): Promise<void> {
    if (modem === undefined) return
    const station = this.#station(name)
    const params: RadioParams = {
      frequencyHz: FREQUENCY_HZ,
      bandwidthHz: this.#options.bandwidthHz,
      spreadingFactor: this.#options.spreadingFactor,
      codingRate: 5,
      txPowerDbm: TX_POWER_DBM,
    }
    const clock = this.#clock
    const rng = new SeededRng(randomU32(this.#rng))
    const emulator = new RnodeEmulator({ clock, rng, ether: this.#ether, name: modem })
    this.#modems.push(emulator)
    const open = (): Promise<BytePipe> => {
      const [host, device] = memoryPipePair(clock, {
        names: [`emulated:${name}`, name],
        bytesPerSecond: BAUD / BITS_PER_BYTE,
      })
      emulator.attachHost(device)
      return Promise.resolve(host)
    }
    const transport = new LoraTransport({
      board: new RnodeBoard({ open, clock, rng }),
      params,
      regionBudget: regionBudgetFor(emulatedRegion(), params),
      self: station.identity,
      clock,
      rng,
    })
    this.#radios.set(name, transport)
    await station.attach(transport)
  }

  async #joinSerial(a: Station, b: Station): Promise<void> {
    const pipes = memoryPipePair(this.#clock, { bytesPerSecond: BAUD / BITS_PER_BYTE })
    for (const [station, pipe] of [
      [a, pipes[0]],
      [b, pipes[1]],
    ] as const) {
      const open = onlyOnce(pipe)
      const name = SERIAL_PORT
      await station.attach(
        new SerialTransport({ name, open, clock: this.#clock, rng: this.#rng, baud: BAUD }),
      )
    }
  }

  async #joinUdp(a: Station, b: Station): Promise<void> {
    const [near, far] = [
      new UdpTransport({ bindAddr: '127.0.0.1:0' }),
      new UdpTransport({ bindAddr: '127.0.0.1:0' }),
    ]
    const id = await a.attach(near)
    await b.attach(far)
    a.dial(b.identity.publicKey, id, far.localAddr)
  }

  /** All modems hear each other, each pair as well as the seed says. */
  #spreadSignals(): void {
    const modems = this.topology.stations.flatMap(({ modem }) => modem ?? [])
    for (const [i, a] of modems.entries())
      for (const b of modems.slice(i + 1)) {
        const snrDb = SNR.low + SNR.spread * randomUnit(this.#rng)
        this.#ether.link(a, b, { snrDb, rssiDbm: NOISE_FLOOR_DBM + snrDb, loss: this.#options.loss })
      }
  }

  /** Radio and serial links; UDP is dialled when its port is known. Radio nodes join one after another, as people switch them on. */
  #dial(): void {
    let joining = 0
    for (const { from, to, medium } of this.topology.links) {
      const [station, { publicKey, nodeAddr }] = [this.#station(from), this.#station(to).identity]
      if (medium === 'serial') station.dial(publicKey, 1, SERIAL_PORT)
      if (medium !== 'lora') continue
      this.#clock.after(JOIN_PERIOD * joining++, () => station.dial(publicKey, 1, stationOf(nodeAddr)))
    }
  }

  #event(name: string, event: NodeEvent): void {
    if (event.type !== 'peer-up') return
    const plan = this.topology.links.find(
      (link) => link.from === name && this.#station(link.to).identity.nodeAddr === event.peer,
    )
    if (plan !== undefined && !this.#linksUp.has(plan))
      this.#linksUp.set(plan, this.#clock.now() - this.#startedAt)
  }

  #linkRow({ from, to, medium }: LinkPlan, upAtMs: Millis): LinkRow {
    const peer = this.#station(to).identity
    const heard = this.#radios
      .get(from)
      ?.neighbours()
      .find(({ station }) => station === stationOf(peer.nodeAddr))
    return {
      from,
      to,
      npub: peer.npub,
      medium,
      ...(heard?.rssiDbm === undefined ? {} : { rssiDbm: heard.rssiDbm }),
      ...(heard?.snrDb === undefined ? {} : { snrDb: heard.snrDb }),
      upAtMs: Math.round(upAtMs),
    }
  }

  #position(name: string): { npub: string; parent: string | undefined; depth: number | undefined } {
    const { identity, node } = this.#station(name)
    const { root, depth } = node.views.status()
    const parent = node.views.peers().find(({ isParent }) => isParent)
    const named = [...this.#stations.values()].find((s) => s.identity.nodeAddr === (parent?.nodeAddr ?? root))
    return { npub: npubOf(identity.publicKey), parent: named?.name, depth }
  }

  #rootOf(name: string): NodeAddr {
    return this.#station(name).node.views.status().root
  }

  #channelLoad(): number {
    const now = this.#clock.now()
    this.#airtime.push({ at: now, ms: this.#ether.stats.ms })
    while ((this.#airtime[0]?.at ?? now) < now - LOAD_WINDOW) this.#airtime.shift()
    const first = this.#airtime[0]
    if (first === undefined || now === first.at) return 0
    return (this.#ether.stats.ms - first.ms) / (now - first.at)
  }

  #neighboursOf(name: string): readonly PublicKey[] {
    return this.topology.links
      .filter((link) => link.from === name || link.to === name)
      .map((link) => this.#station(link.from === name ? link.to : link.from).identity.publicKey)
  }

  #station(name: string): Station {
    const station = this.#stations.get(name)
    if (station === undefined) throw new Error(`no station ${name}`)
    return station
  }
}

const SERIAL_PORT = 'emulated-serial'

/** Nothing is radiated, so nothing is regulated. */
function emulatedRegion(): Parameters<typeof regionBudgetFor>[0] {
  const plan = customPlan({ lowHz: 860e6, highHz: 880e6, maxPowerDbm: TX_POWER_DBM })
  if (!plan.ok) throw new Error(plan.message)
  return plan.value
}

function onlyOnce(pipe: BytePipe): () => Promise<BytePipe> {
  let isTaken = false
  return () => {
    if (isTaken) return Promise.reject(new PipeError('not-found', 'the emulated line is gone'))
    isTaken = true
    return Promise.resolve(pipe)
  }
}

function pairKey(from: string, to: string): string {
  return `${from} ${to}`
}
