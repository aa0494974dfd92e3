/**
 * IPv6 traffic of an established session in place: what `Traffic` and `Sessions` do with a data message under the keys in use.
 * Everything else about a session is theirs.
 */
import { TAG_SIZE } from '../crypto/index.ts'
import { MAX_COUNTER_HIGH } from '../fmp/index.ts'
import {
  compressedSize,
  DATAGRAM_HEADER_SIZE,
  hasKeyEpochAt,
  innerSpinAt,
  innerTimestampAt,
  isIpv6Traffic,
  openSessionAt,
  sealIpv6At,
  SESSION_HEADER_SIZE,
  SESSION_INNER_HEADER_SIZE,
  sessionCounterHighAt,
  sessionCounterLowAt,
} from '../fsp/index.ts'
import type { Millis } from '../time.ts'
import type { Session } from './session.ts'

const TWO_TO_32: number = 2 ** 32

/**
 * Opens the payload of `length` bytes at `at` to `outAt` of the same memory and notes its arrival. Returns the bytes opened;
 * 0, having noted nothing, when it is not IPv6 traffic of the peer under the keys in use.
 */
export function openTrafficAt(
  session: Session,
  bytes: Uint8Array,
  at: number,
  length: number,
  outAt: number,
  pathMtu: number,
  congested: boolean,
  now: Millis,
): number {
  const { epochs, unconfirmed } = session
  const epoch = epochs.current
  const isSettled = epochs.pending === undefined && unconfirmed === undefined
  if (epoch === undefined || !isSettled || hasKeyEpochAt(bytes, at) !== epochs.keyBit) return 0
  const high = sessionCounterHighAt(bytes, at)
  const low = sessionCounterLowAt(bytes, at)
  if (high >= MAX_COUNTER_HIGH || !epoch.replay.checkHalves(high, low)) return 0
  const counter = high * TWO_TO_32 + low
  if (!openSessionAt(epoch.opener, counter, bytes, at, length, bytes, outAt)) return 0
  const opened = length - SESSION_HEADER_SIZE - TAG_SIZE
  if (!isIpv6Traffic(bytes, outAt, opened)) return 0
  epoch.replay.acceptHalves(high, low)
  session.unanswered = undefined
  session.silentGreetings = 0
  session.heardAt = now
  session.lastActivityAt = now
  if (session.measurement.used()) session.plannedAt = -Infinity
  session.measurement.receivedFrame(
    counter,
    innerTimestampAt(bytes, outAt),
    opened,
    congested,
    innerSpinAt(bytes, outAt),
    pathMtu,
    now,
  )
  session.stats.packetsReceived++
  session.stats.bytesReceived += opened - SESSION_INNER_HEADER_SIZE
  return opened
}

/**
 * Seals an IPv6 packet as traffic behind the datagram header at `at`. Returns the length of the datagram; 0 when the session
 * has no keys.
 */
export function sealTrafficAt(
  session: Session,
  bytes: Uint8Array,
  at: number,
  packet: Uint8Array,
  packetAt: number,
  packetLength: number,
  now: Millis,
): number {
  const { epochs, measurement, stats } = session
  const epoch = epochs.current
  if (epoch === undefined) return 0
  const counter = epoch.takeCounter()
  const timestamp = session.timestamp(now)
  const length = sealIpv6At(
    epoch.sealer,
    counter,
    epochs.keyBit,
    timestamp,
    measurement.spin,
    bytes,
    at,
    packet,
    packetAt,
    packetLength,
  )
  if (measurement.used()) session.plannedAt = -Infinity
  measurement.sent(counter, timestamp, length - DATAGRAM_HEADER_SIZE)
  stats.packetsSent++
  stats.bytesSent += compressedSize(packetLength)
  session.lastActivityAt = now
  session.unanswered ??= { since: now, packets: 0 }
  session.unanswered.packets++
  return length
}
