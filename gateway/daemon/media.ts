/** The table of transport kinds: what each makes of its section of the configuration. */
import { boardDriver, PacedClock, type SubBand } from '../../boards/index.ts'
import type { AdmissionPolicy, Clock, Identity, Millis, Rng, TransportAddr } from '../../core/index.ts'
import type { PipeOpener } from '../../firmware-proto/index.ts'
import {
  HOST_TURNAROUND,
  LoraTransport,
  SerialTransport,
  TcpTransport,
  UdpTransport,
  type Transport,
} from '../../transports/index.ts'
import {
  radioChoice,
  type Instance,
  type LoraSettings,
  type SerialSettings,
  type TcpSettings,
  type TransportSettings,
  type UdpSettings,
} from '../config/index.ts'
import type { Json } from '../control/index.ts'
import { OperatorError } from '../errors.ts'
import type { AirtimeBook } from './airtime-book.ts'
import type { MediumSpec } from './medium.ts'
import { openerFor } from './ports.ts'

export interface MediaDeps {
  readonly identity: Identity
  readonly clock: Clock
  readonly rng: Rng
  readonly airtime: AirtimeBook
  /** Silence after which a link is dead. */
  readonly linkDeadMs: Millis
  /** Whether a station on the air belongs to a peer that is listed. */
  isListed(station: TransportAddr): boolean
  /** Opens a device; the default goes by the form of the name. */
  readonly open?: (port: string, baud: number) => PipeOpener
}

/** Modems of this kind speak at one speed. */
const RNODE_BAUD = 115_200

/** Every transport of the configuration, numbered from 1: udp, tcp, serial, lora, each in the order of the file. */
export function mediaOf(transports: TransportSettings, deps: MediaDeps): readonly MediumSpec[] {
  const makers = [
    ...transports.udp.map((instance) => udp(instance)),
    ...transports.tcp.map((instance) => tcp(instance, deps)),
    ...transports.serial.map((instance) => serial(instance, deps)),
    ...transports.lora.map((instance) => lora(instance, deps)),
  ]
  return makers.map((spec, index) => ({ ...spec, id: index + 1 }))
}

type Unnumbered = Omit<MediumSpec, 'id'>

function udp({ name, path, settings }: Instance<UdpSettings>): Unnumbered {
  const bindAddr = settings.outboundOnly ? '0.0.0.0:0' : settings.bindAddr
  return {
    kind: 'udp',
    name,
    path,
    address: bindAddr,
    admission: {
      acceptConnections: settings.acceptConnections && !settings.outboundOnly,
      autoConnect: false,
      listedOnly: false,
    },
    create: () =>
      new UdpTransport({
        bindAddr,
        mtu: settings.mtu,
        receiveBufferBytes: settings.recvBufSize,
        sendBufferBytes: settings.sendBufSize,
      }),
    detail: () => ({}),
  }
}

/** Without an address to accept connections at, this end only dials. */
function tcp({ name, path, settings }: Instance<TcpSettings>, deps: MediaDeps): Unnumbered {
  const { bindAddr } = settings
  return {
    kind: 'tcp',
    name,
    path,
    address: bindAddr ?? '',
    admission: { acceptConnections: bindAddr !== undefined, autoConnect: false, listedOnly: false },
    create: () =>
      new TcpTransport({
        ...(bindAddr === undefined ? {} : { bindAddr }),
        mtu: settings.mtu,
        maxInbound: settings.maxInboundConnections,
        connectTimeoutMs: settings.connectTimeoutMs,
        noDelay: settings.nodelay,
        keepAliveMs: settings.keepaliveSecs * 1000,
        silenceLimitMs: deps.linkDeadMs,
        clock: deps.clock,
      }),
    detail: () => ({}),
  }
}

function serial({ name, path, settings }: Instance<SerialSettings>, deps: MediaDeps): Unnumbered {
  const port = portOf(path, settings.port)
  return {
    kind: 'serial',
    name,
    path,
    address: port,
    admission: admissionOf(settings),
    create: () =>
      new SerialTransport({
        name: port,
        open: (deps.open ?? openerFor)(port, settings.baud),
        clock: deps.clock,
        rng: deps.rng,
        baud: settings.baud,
        framing: settings.framing,
      }),
    detail: (transport) =>
      transport instanceof SerialTransport ? { framing: transport.framing ?? null } : {},
  }
}

function lora({ name, path, settings }: Instance<LoraSettings>, deps: MediaDeps): Unnumbered {
  const port = portOf(path, settings.port)
  const choice = radioChoice(settings)
  return {
    ...(choice.ok ? {} : { silence: choice.message }),
    kind: 'lora',
    name,
    path,
    address: port,
    admission: admissionOf(settings),
    create: () => loraTransport(path, port, settings, deps),
    detail: (transport) =>
      transport instanceof LoraTransport && choice.ok
        ? radioDetail(transport, choice.value.subBand, deps.airtime)
        : {},
  }
}

function loraTransport(path: string, port: string, settings: LoraSettings, deps: MediaDeps): Transport {
  const choice = radioChoice(settings)
  if (!choice.ok) throw new OperatorError('config', `${path}: ${choice.message}`)
  const driver = boardDriver(settings.board)
  if (driver === undefined) {
    throw new OperatorError('config', `${path}.board: there is no driver for ${settings.board}.`)
  }
  const { rng, identity } = deps
  const clock = settings.clockSpeed === 1 ? deps.clock : new PacedClock(deps.clock, settings.clockSpeed)
  const { plan, params, subBand } = choice.value
  return new LoraTransport({
    board: driver.create({
      open: (deps.open ?? openerFor)(port, RNODE_BAUD),
      clock,
      rng,
      overTcp: port.startsWith('tcp://'),
    }),
    params,
    regionBudget: { plan, budget: deps.airtime.budgetOf(subBand) },
    self: { publicKey: identity.publicKey, nodeAddr: identity.nodeAddr },
    clock,
    rng,
    hostTurnaroundMs: HOST_TURNAROUND * settings.clockSpeed,
    isKnown: settings.open ? () => true : (station) => deps.isListed(station),
  })
}

function radioDetail(
  transport: LoraTransport,
  subBand: SubBand,
  airtime: AirtimeBook,
): Readonly<Record<string, Json>> {
  const { frames, bytes, ms } = transport.air
  const { usedMs, allowedMs } = airtime.use(subBand)
  return {
    airtime: {
      sent_frames: frames,
      sent_bytes: bytes,
      sent_ms: Math.round(ms),
      sub_band: subBand.name,
      duty_cycle: subBand.dutyCycle,
      used_last_hour_ms: Math.round(usedMs),
      allowed_per_hour_ms: Math.round(allowedMs),
    },
    queued_frames: transport.queued,
    neighbours: transport.neighbours().map((neighbour) => ({
      addr: neighbour.station,
      rssi_dbm: neighbour.rssiDbm ?? null,
      snr_db: neighbour.snrDb ?? null,
      delivered: neighbour.delivered,
      lost: neighbour.lost,
    })),
  }
}

function admissionOf(settings: SerialSettings | LoraSettings): AdmissionPolicy {
  return {
    acceptConnections: settings.acceptConnections,
    autoConnect: settings.autoConnect,
    listedOnly: !settings.open,
  }
}

function portOf(path: string, port: string | undefined): string {
  if (port === undefined) throw new OperatorError('config', `${path}.port is missing.`)
  return port
}
