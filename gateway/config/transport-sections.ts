/** The `transports` section. UDP and TCP as the reference has them; LoRa and serial are this program's own. */
import { REGION_NAMES } from '../../boards/index.ts'
import { bool, choice, int, num, oneOf, text } from './keys.ts'
import { ble, ethernet, nym, tor } from './reference-sections.ts'
import { instances, section, type Instance, type Section } from './schema.ts'

export interface TransportSettings {
  readonly udp: readonly Instance<UdpSettings>[]
  readonly tcp: readonly Instance<TcpSettings>[]
  readonly serial: readonly Instance<SerialSettings>[]
  readonly lora: readonly Instance<LoraSettings>[]
  readonly ethernet: readonly Instance<Readonly<Record<string, unknown>>>[]
  readonly tor: readonly Instance<Readonly<Record<string, unknown>>>[]
  readonly nym: readonly Instance<Readonly<Record<string, unknown>>>[]
  readonly ble: readonly Instance<Readonly<Record<string, unknown>>>[]
}

export interface UdpSettings {
  readonly bindAddr: string
  readonly mtu: number
  readonly recvBufSize: number
  readonly sendBufSize: number
  readonly acceptConnections: boolean
  readonly outboundOnly: boolean
  readonly advertiseOnNostr: boolean
  readonly public: boolean
  readonly externalAddr: string | undefined
}

export interface TcpSettings {
  readonly bindAddr: string | undefined
  readonly mtu: number
  readonly connectTimeoutMs: number
  readonly nodelay: boolean
  readonly keepaliveSecs: number
  readonly maxInboundConnections: number
  readonly recvBufSize: number
  readonly sendBufSize: number
  readonly advertiseOnNostr: boolean
  readonly externalAddr: string | undefined
}

export type SerialFraming = 'auto' | 'cobs' | 'u16'

export interface SerialSettings {
  readonly port: string | undefined
  readonly baud: number
  readonly framing: SerialFraming
  readonly acceptConnections: boolean
  readonly autoConnect: boolean
  readonly open: boolean
}

export interface LoraSettings {
  readonly port: string | undefined
  readonly board: 'rnode'
  readonly region: string | undefined
  readonly frequencyHz: number | undefined
  readonly bandwidthHz: number | undefined
  readonly spreadingFactor: number | undefined
  readonly codingRate: number | undefined
  readonly txPowerDbm: number | undefined
  readonly customLowHz: number | undefined
  readonly customHighHz: number | undefined
  readonly customMaxPowerDbm: number | undefined
  readonly customDutyCycle: number | undefined
  readonly clockSpeed: number
  readonly acceptConnections: boolean
  readonly autoConnect: boolean
  readonly open: boolean
}

const U16 = 65_535
const SOCKET_BUFFER = 2 * 1024 * 1024
/** The bandwidths of the SX127x and SX126x families. */
const BANDWIDTHS_HZ = [7800, 10_400, 15_600, 20_800, 31_250, 41_700, 62_500, 125_000, 250_000, 500_000]

const HOST_PORT = /^(\[[0-9a-f:.%a-z]+\]|[^\s:[\]]+):(\d{1,5})$/i

/** `host:port` or `[v6]:port` with a port of at most 65535. */
export function isHostPort(written: string): boolean {
  const port = HOST_PORT.exec(written)?.[2]
  return port !== undefined && Number(port) <= U16
}

const udp: Section<UdpSettings> = section('UDP.', {
  bindAddr: text({
    default: '0.0.0.0:2121',
    allowed: 'address:port, an IPv6 address in brackets',
    test: isHostPort,
    doc: 'Where to listen.',
  }),
  mtu: int({ default: 1280, min: 256, max: U16, unit: 'bytes', doc: 'Largest frame.' }),
  recvBufSize: int({
    default: SOCKET_BUFFER,
    min: 1,
    unit: 'bytes',
    doc: 'Receive buffer asked of the kernel.',
  }),
  sendBufSize: int({
    default: SOCKET_BUFFER,
    min: 1,
    unit: 'bytes',
    doc: 'Send buffer asked of the kernel.',
  }),
  acceptConnections: bool({ default: true, doc: 'Answer handshakes from outside.' }),
  outboundOnly: bool({ default: false, doc: 'Any free port, dial only, answer no stranger.' }),
  advertiseOnNostr: bool({ default: false, doc: "The reference's.", applied: false }),
  public: bool({ default: false, doc: "The reference's.", applied: false }),
  externalAddr: text({ default: undefined, doc: "The reference's.", applied: false }),
})

/** The kernel sizes the buffers of a connection itself, and Node gives no say in it. */
const KERNEL_SIZED = {
  default: SOCKET_BUFFER,
  min: 1,
  unit: 'bytes',
  doc: "The reference's.",
  applied: false,
}

const tcp: Section<TcpSettings> = section('TCP, where UDP is not let through.', {
  bindAddr: text({
    default: undefined,
    defaultText: 'none: dial only',
    allowed: 'address:port, an IPv6 address in brackets',
    test: isHostPort,
    doc: 'Where to accept connections.',
  }),
  mtu: int({ default: 1400, min: 256, max: U16, unit: 'bytes', doc: 'Largest frame, either way.' }),
  connectTimeoutMs: int({ default: 5000, min: 1, unit: 'ms', doc: 'Until a connection counts as failed.' }),
  nodelay: bool({ default: true, doc: 'Send small frames at once.' }),
  keepaliveSecs: int({ default: 30, max: 32_767, unit: 's', doc: 'Probe silent connections; 0 for never.' }),
  maxInboundConnections: int({
    default: 256,
    min: 1,
    max: U16,
    doc: 'Most connections of others at a time.',
  }),
  recvBufSize: int(KERNEL_SIZED),
  sendBufSize: int(KERNEL_SIZED),
  advertiseOnNostr: bool({ default: false, doc: "The reference's.", applied: false }),
  externalAddr: text({ default: undefined, doc: "The reference's.", applied: false }),
})

const ADMIT = {
  acceptConnections: bool({
    default: true,
    doc: 'Answer handshakes from outside, of listed peers only unless `open`.',
  }),
  autoConnect: bool({ default: false, doc: 'Dial listed stations that are heard.' }),
  open: bool({
    default: false,
    doc: 'Admit strangers. Otherwise only peers in `peers` or `peers.allow` get an answer.',
  }),
}

const serial: Section<SerialSettings> = section('A serial line to another node.', {
  port: text({
    default: undefined,
    defaultText: 'required',
    doc: 'Device, best by `/dev/serial/by-id/...`, which survives replugging; or `tcp://host:port`.',
  }),
  baud: int({
    default: 115_200,
    min: 300,
    max: 12_000_000,
    unit: 'bit/s',
    doc: 'Speed; both ends must agree.',
  }),
  framing: oneOf<SerialFraming>(['auto', 'cobs', 'u16'], {
    default: 'auto',
    doc: '`cobs` (with CRC-16), the microcontrollers’ `u16` length prefix, or recognised from the first bytes.',
  }),
  ...ADMIT,
})

const CUSTOM = { default: undefined, defaultText: 'only for `region: custom`' }

const lora: Section<LoraSettings> = section('A LoRa radio behind a modem.', {
  port: text({
    default: undefined,
    defaultText: 'required',
    doc: 'Device of the modem, best by `/dev/serial/by-id/...`; or `tcp://host:7633` for one on the network.',
  }),
  board: oneOf<'rnode'>(['rnode'], { default: 'rnode', doc: 'Kind of modem.' }),
  region: text({
    default: undefined,
    defaultText: 'none: the radio stays silent',
    doc: `Region plan: ${REGION_NAMES.join(', ')}, or custom. Gives channel, power and duty cycle.`,
  }),
  frequencyHz: int({
    default: undefined,
    defaultText: 'of the region',
    min: 100_000_000,
    max: 3_000_000_000,
    unit: 'Hz',
    doc: 'Centre of the channel; must lie within the region.',
  }),
  bandwidthHz: choice(BANDWIDTHS_HZ, {
    default: undefined,
    defaultText: 'of the region',
    unit: 'Hz',
    doc: 'Bandwidth.',
  }),
  spreadingFactor: int({
    default: undefined,
    defaultText: 'of the region',
    min: 5,
    max: 12,
    doc: 'Spreading factor: one more is half the speed and about 2.5 dB.',
  }),
  codingRate: int({
    default: undefined,
    defaultText: 'of the region',
    min: 5,
    max: 8,
    doc: 'Denominator n of the code rate 4/n.',
  }),
  txPowerDbm: int({
    default: undefined,
    defaultText: 'of the region',
    max: 37,
    unit: 'dBm',
    doc: 'Transmit power.',
  }),
  customLowHz: int({
    ...CUSTOM,
    unit: 'Hz',
    doc: 'Lowest frequency of `region: custom`.',
  }),
  customHighHz: int({
    ...CUSTOM,
    unit: 'Hz',
    doc: 'Highest frequency of `region: custom`.',
  }),
  customMaxPowerDbm: int({
    ...CUSTOM,
    max: 37,
    unit: 'dBm',
    doc: 'Most power of `region: custom`.',
  }),
  customDutyCycle: num({
    default: undefined,
    defaultText: '1',
    above: true,
    max: 1,
    doc: 'Share of time on air allowed by `region: custom`; 0.01 is 1 %.',
  }),
  clockSpeed: num({
    default: 1,
    above: true,
    max: 1000,
    doc: 'For emulated modems only: how many times faster than real ones they run. Every wait of the radio shrinks with it.',
  }),
  ...ADMIT,
})

export const transportsSection: Section<TransportSettings> = section(
  'Media. Each holds the keys of one instance, or names with the keys of several.',
  {
    udp: instances(udp),
    tcp: instances(tcp),
    serial: instances(serial),
    lora: instances(lora),
    ethernet: instances(ethernet),
    tor: instances(tor),
    nym: instances(nym),
    ble: instances(ble),
  },
)
