/** How long a packet takes through a node and back: at rest, beside bulk traffic, and while strangers knock. */
import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeMsg1, EPOCH_SIZE, Identity, IkInitiator, type PublicKey } from '../../../core/index.ts'
import { chooseCrypto } from '../../../gateway/crypto/index.ts'
import { systemRng } from '../../../gateway/rng.ts'
import { parseSocketAddress } from '../../../transports/index.ts'
import { packetFrom } from './end.ts'
import type { ForwardingLine, Load } from './forwarding.ts'

export interface Latency {
  readonly p50Us: number
  readonly p99Us: number
}

export interface LatencyEffort {
  readonly pings: number
  readonly pauseMs: number
}

const PING_SIZE = 104
const BULK: Load = { size: 1200, packetsPerSecond: 8000, burst: 16, seconds: 0 }
/** For the last answers. */
const LAST_WAITS = 50
const LAST_WAIT_MS = 20
const KNOCKS_PER_SECOND = 100
/** Marks a packet that is to come back; behind it when it was sent. */
const MARK = 0x50
const MARK_AT = 40
const SENT_AT = 48

export async function latencyAtRest(line: ForwardingLine, effort: LatencyEffort): Promise<Latency> {
  const { from, to } = line
  const times: number[] = []
  to.learn(from.identity.publicKey)
  to.onPacket = (bytes, at, length) => {
    if (length !== PING_SIZE || bytes[at + MARK_AT] !== MARK) return
    const echo = packetFrom(to, from.identity, length)
    echo.set(bytes.subarray(at + MARK_AT, at + length), MARK_AT)
    to.send(echo)
  }
  from.onPacket = (bytes, at) => {
    const sentAt = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(at + SENT_AT)
    times.push(1000 * (performance.now() - sentAt))
  }
  const packet = packetFrom(from, to.identity, PING_SIZE)
  packet[MARK_AT] = MARK
  for (let i = 0; i < effort.pings; i++) {
    new DataView(packet.buffer).setFloat64(SENT_AT, performance.now())
    from.send(packet)
    await sleep(effort.pauseMs)
  }
  for (let waits = 0; waits < LAST_WAITS && times.length < effort.pings; waits++) await sleep(LAST_WAIT_MS)
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
  return { p50Us: at(0.5), p99Us: at(0.99) }
}

export async function latencyLoaded(line: ForwardingLine, effort: LatencyEffort): Promise<Latency> {
  const seconds = (effort.pings * effort.pauseMs) / 1000
  const [latency] = await Promise.all([latencyAtRest(line, effort), line.send({ ...BULK, seconds })])
  return latency
}

/** Strangers send the first message of a handshake, each with a key of its own, and never another. */
export async function latencyKnocked(line: ForwardingLine, effort: LatencyEffort): Promise<Latency> {
  const { middle } = line
  const addr = parseSocketAddress(middle.addr)
  if (!addr.ok) throw new Error(`no address: ${middle.addr}`)
  const count = Math.ceil((effort.pings * effort.pauseMs * KNOCKS_PER_SECOND) / 1000)
  const knocks = Array.from({ length: count }, (_, i) => knock(middle.identity.publicKey, i))
  const socket = createSocket('udp4')
  const timer = setInterval(() => {
    const frame = knocks.pop()
    if (frame !== undefined) socket.send(frame, addr.value.port, addr.value.host)
  }, 1000 / KNOCKS_PER_SECOND)
  try {
    return await latencyLoaded(line, effort)
  } finally {
    clearInterval(timer)
    socket.close()
  }
}

const crypto = chooseCrypto()

function knock(remote: PublicKey, index: number): Uint8Array {
  const identity = Identity.fromSecret(systemRng.bytes(32), crypto)
  const noise = new IkInitiator(
    { identity, ephemeralSecret: systemRng.bytes(32), epoch: systemRng.bytes(EPOCH_SIZE) },
    remote,
  )
  return encodeMsg1(index + 1, noise.writeMsg1())
}
